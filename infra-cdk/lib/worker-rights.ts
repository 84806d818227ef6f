/** What a function may do to workers: buy and give back machines, and run commands on them. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Stage } from './config.js';
import { STAGE_TAG } from './naming.js';
import { asSeenBy } from './rights.js';

/** A machine of this stage, and no other machine of the account. */
const ofStage = (stage: Stage) => ({
  StringEquals: { [`aws:ResourceTag/${STAGE_TAG}`]: stage.name },
});

/** What a machine is bought with. */
export interface Purchase {
  readonly role: IRole;
  readonly launchTemplateId: string;
  readonly subnetIds: readonly string[];
}

/** Buys machines by the launch template, tags them while doing so, and terminates the stage's. */
export function buyMachines(stack: Stack, stage: Stage, using: Purchase): PolicyStatement[] {
  const ec2 = (resource: string, name = '*', account?: string) =>
    stack.formatArn({ service: 'ec2', account, resource, resourceName: name });
  return [
    new PolicyStatement({
      actions: ['ec2:RunInstances'],
      resources: [
        ec2('launch-template', using.launchTemplateId),
        ...using.subnetIds.map((id) => ec2('subnet', id)),
        ...['instance', 'network-interface', 'security-group', 'volume'].map((it) => ec2(it)),
        // Public images belong to somebody else's account or to none.
        ec2('image', '*', '*'),
      ],
    }),
    new PolicyStatement({
      actions: ['ec2:CreateTags'],
      resources: ['instance', 'volume', 'network-interface'].map((it) => ec2(it)),
      conditions: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    }),
    asSeenBy(
      stage,
      new PolicyStatement({
        actions: ['ec2:TerminateInstances'],
        resources: [ec2('instance')],
        conditions: ofStage(stage),
      }),
    ),
    // Describing knows no resources.
    new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [using.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
  ];
}

/** Runs commands on workers and reads how they ended. */
export function command(stack: Stack, stage: Stage): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['ssm:SendCommand'],
      resources: [
        stack.formatArn({
          service: 'ssm',
          account: '',
          resource: 'document',
          resourceName: 'AWS-RunShellScript',
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        }),
      ],
    }),
    asSeenBy(
      stage,
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
        conditions: ofStage(stage),
      }),
    ),
    // Neither knows resources.
    new PolicyStatement({
      actions: ['ssm:GetCommandInvocation', 'ssm:DescribeInstanceInformation'],
      resources: ['*'],
    }),
  ];
}

/**
 * What the SSM agent of a machine needs to take commands and sessions. AWS has a managed policy for
 * that, which also lets the machine read every parameter of the account: all secrets of all stages.
 */
export const takeCommands = () =>
  new PolicyStatement({
    actions: [
      'ssm:UpdateInstanceInformation',
      'ssm:ListAssociations',
      'ssm:ListInstanceAssociations',
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
      'ec2messages:AcknowledgeMessage',
      'ec2messages:DeleteMessage',
      'ec2messages:FailMessage',
      'ec2messages:GetEndpoint',
      'ec2messages:GetMessages',
      'ec2messages:SendReply',
    ],
    // None of these knows resources.
    resources: ['*'],
  });
