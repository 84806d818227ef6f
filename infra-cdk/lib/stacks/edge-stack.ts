/** Who the edge is: it reads routes, says which it serves and who comes to a host that is asleep, and no more. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { InstanceProfile, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { physicalName, routesPrefix } from '../naming.js';
import { putInto, readParameters, send } from '../rights.js';
import { takeCommands } from '../worker-rights.js';

/** The partitions that edges write to; `EDGE_REPORTS` in `shared/adapters/src/dynamodb/keys.rs`. */
const EDGE_PARTITIONS = 'EDGE#*';

export class EdgeStack extends Stack {
  readonly profile: InstanceProfile;

  constructor(
    scope: Construct,
    id: string,
    stage: Stage,
    world: { readonly ledger: ITable; readonly wakes: IQueue },
    props: StackProps,
  ) {
    super(scope, id, props);
    const role = new Role(this, 'Role', {
      roleName: physicalName(stage, 'edge'),
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    });
    new ManagedPolicy(this, 'Policy', {
      managedPolicyName: physicalName(stage, 'edge'),
      description: 'Reads routes, reports which of them are served, and tells who is to be woken.',
      roles: [role],
      statements: [
        takeCommands(),
        ...readParameters(this, stage, routesPrefix(stage)),
        putInto(world.ledger, [EDGE_PARTITIONS]),
        send(world.wakes),
      ],
    });
    this.profile = new InstanceProfile(this, 'Profile', {
      instanceProfileName: physicalName(stage, 'edge'),
      role,
    });
    new CfnOutput(this, 'EdgeRoleArn', { value: role.roleArn });
  }
}
