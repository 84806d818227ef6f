/** A queue that loses nothing: what cannot be worked off ends in a dead-letter queue with an alarm. */
import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ALARM_PERIOD, RunbookAlarm } from './runbook-alarm.js';

export interface WorkQueueProps {
  /** Without the `.fifo` that a FIFO queue's name must end in. */
  readonly name: string;
  readonly fifo?: boolean;
  /** Of the function that works it off. */
  readonly consumerTimeout: Duration;
  readonly alarms: ITopic;
}

/** Enough for a consumer that is throttled and retried before a message is offered to another. */
const VISIBILITY_TIMEOUTS = 6;
const MAX_RECEIVES = 5;
/** The longest there is: time for a person to look. */
const RETENTION = Duration.days(14);

export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    const suffix = props.fifo ? '.fifo' : '';
    const common = {
      fifo: props.fifo,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    };
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...common,
      queueName: `${props.name}-dead-letters${suffix}`,
    });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      queueName: `${props.name}${suffix}`,
      visibilityTimeout: Duration.seconds(props.consumerTimeout.toSeconds() * VISIBILITY_TIMEOUTS),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    new RunbookAlarm(this, 'Alarm', {
      name: `${props.name}-dead-letters`,
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: ALARM_PERIOD,
        statistic: 'Maximum',
      }),
      means: `Messages of ${props.name} failed ${MAX_RECEIVES} times and wait for a person.`,
      heading: 'deadLetters',
      topic: props.alarms,
    });
  }
}
