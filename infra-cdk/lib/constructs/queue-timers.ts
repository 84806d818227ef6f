/** Timers whose messages go to one queue: a group of schedules, and a role that may send there. */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Timers } from '../world.js';

export interface QueueTimersProps {
  /** Of the group and of the role. */
  readonly name: string;
  readonly queue: IQueue;
}

export class QueueTimers extends Construct implements Timers {
  readonly settings: string;
  readonly arns: string;
  readonly roleArn: string;

  constructor(scope: Construct, id: string, { name, queue }: QueueTimersProps) {
    super(scope, id);
    const stack = Stack.of(this);
    new CfnScheduleGroup(this, 'Group', { name });
    const role = new Role(this, 'Role', {
      roleName: name,
      // No other account's schedules can borrow it.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
    );
    this.roleArn = role.roleArn;
    this.arns = stack.formatArn({
      service: 'scheduler',
      resource: 'schedule',
      resourceName: `${name}/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    this.settings = stack.toJsonString({
      group: name,
      queue_arn: queue.queueArn,
      role_arn: role.roleArn,
    });
  }
}
