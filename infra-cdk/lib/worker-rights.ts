/** What a function may do to workers: buy machines, switch them and give them back, and command them. */
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

const ec2Arn = (stack: Stack, resource: string, name = '*', account?: string) =>
  stack.formatArn({ service: 'ec2', account, resource, resourceName: name });

/** Buys machines by the launch template and tags them while doing so. */
export function buyMachines(stack: Stack, stage: Stage, using: Purchase): PolicyStatement[] {
  const buysSpot = stage.offerings.some((it) => it.purchase === 'spot');
  const actions = buysSpot ? ['ec2:RunInstances', 'ec2:CreateFleet'] : ['ec2:RunInstances'];
  const made = ['instance', 'network-interface', 'volume'];
  // A fleet asks for its spot machines, and is one, for the moment of the purchase.
  const madeByFleets = buysSpot ? ['fleet', 'spot-instances-request'] : [];
  return [
    new PolicyStatement({
      actions,
      resources: [
        ec2Arn(stack, 'launch-template', using.launchTemplateId),
        ...using.subnetIds.map((id) => ec2Arn(stack, 'subnet', id)),
        ...[...made, ...madeByFleets, 'security-group'].map((it) => ec2Arn(stack, it)),
        // Public images belong to somebody else's account or to none.
        ec2Arn(stack, 'image', '*', '*'),
      ],
    }),
    new PolicyStatement({
      actions: ['ec2:CreateTags'],
      resources: [...made, ...madeByFleets].map((it) => ec2Arn(stack, it)),
      conditions: {
        StringEquals: { 'ec2:CreateAction': actions.map((it) => it.slice('ec2:'.length)) },
      },
    }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [using.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
    ...('parameter' in stage.workerImage ? [findImage(stack, stage.workerImage.parameter)] : []),
    ...(buysSpot ? [becomeSpotCustomer(stack)] : []),
  ];
}

/** EC2 looks the image up in the name of who buys. Public parameters belong to no account. */
const findImage = (stack: Stack, parameter: string) =>
  new PolicyStatement({
    actions: ['ssm:GetParameters'],
    resources: [
      stack.formatArn({
        service: 'ssm',
        account: '',
        resource: 'parameter',
        resourceName: parameter.slice(1),
      }),
    ],
  });

/** The first purchase of its kind in an account makes the roles that EC2 itself then acts under. */
const becomeSpotCustomer = (stack: Stack) =>
  new PolicyStatement({
    actions: ['iam:CreateServiceLinkedRole'],
    resources: [
      'spot.amazonaws.com/AWSServiceRoleForEC2Spot',
      'ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet',
    ].map((it) =>
      stack.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: `aws-service-role/${it}`,
      }),
    ),
  });

type Switch = 'start' | 'stop';

/** Finds machines, gives back those of the stage, which takes their protection off, and switches them. */
export const keepMachines = (stack: Stack, stage: Stage, ...switches: Switch[]) => [
  // Describing knows no resources.
  new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] }),
  asSeenBy(
    stage,
    new PolicyStatement({
      actions: [
        'ec2:TerminateInstances',
        'ec2:ModifyInstanceAttribute',
        ...switches.map((it) => (it === 'start' ? 'ec2:StartInstances' : 'ec2:StopInstances')),
      ],
      resources: [ec2Arn(stack, 'instance')],
      conditions: ofStage(stage),
    }),
  ),
];

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
        resources: [
          ec2Arn(stack, 'instance'),
          // What joined from elsewhere.
          ...(stage.hetzner ? [nodesArn(stack)] : []),
        ],
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

export const nodesArn = (stack: Stack) =>
  stack.formatArn({ service: 'ssm', resource: 'managed-instance', resourceName: '*' });
