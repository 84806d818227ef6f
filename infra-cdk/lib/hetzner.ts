/**
 * What a stage that buys at Hetzner needs beside the others: machines there join as managed nodes, with
 * a role that they get by an activation. A stage without Hetzner gets none of this.
 */
import type { Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Stage } from './config.js';
import { STAGE_TAG, secretParameter } from './naming.js';
import { asSeenBy, readParameter } from './rights.js';
import { nodesArn } from './worker-rights.js';

/** What a machine that AWS did not sell is told and may do. */
export interface Joining {
  readonly nodeRole?: IRole;
  /** What `/etc/1mins-worker.env` holds on every worker. */
  readonly settings: Record<string, string>;
}

/** The environment of a function that deals with machines. */
export function hetznerEnv(stack: Stack, stage: Stage, joining: Joining): Record<string, string> {
  if (!stage.hetzner || !joining.nodeRole) return { HETZNER: 'null' };
  return {
    HETZNER: stack.toJsonString({
      ...stage.hetzner,
      node_role: joining.nodeRole.roleName,
      worker_settings: { ...joining.settings, ...whereToJoin(stage) },
      token_parameter: secretParameter(stage, 'hetzner-token'),
    }),
  };
}

/** Elsewhere they join where AWS has it. */
const whereToJoin = ({ engineForWorkers: engine }: Stage) =>
  engine ? { AWS_ENDPOINT_URL: `http://${engine}` } : {};

/** Forgets nodes whose machine is gone, and what they could have joined by. */
export function forgetNodes(stack: Stack, stage: Stage): PolicyStatement[] {
  if (!stage.hetzner) return [];
  return [
    readParameter(stack, secretParameter(stage, 'hetzner-token')),
    asSeenBy(
      stage,
      new PolicyStatement({
        actions: ['ssm:DeregisterManagedInstance'],
        resources: [nodesArn(stack)],
        conditions: { StringEquals: { [`aws:ResourceTag/${STAGE_TAG}`]: stage.name } },
      }),
    ),
    // None of these knows resources.
    new PolicyStatement({
      actions: [
        'ssm:DescribeActivations',
        'ssm:DeleteActivation',
        'ssm:DescribeInstanceInformation',
      ],
      resources: ['*'],
    }),
  ];
}

/** Lets machines join, under the role of nodes and no other. */
export function admitNodes(stack: Stack, stage: Stage, { nodeRole }: Joining): PolicyStatement[] {
  if (!stage.hetzner || !nodeRole) return [];
  return [
    ...forgetNodes(stack, stage),
    // An activation is tagged while it is made, and has no name before.
    new PolicyStatement({
      actions: ['ssm:CreateActivation', 'ssm:AddTagsToResource'],
      resources: ['*'],
    }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [nodeRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
    }),
  ];
}
