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
    const { name, fifo } = props;
    this.deadLetters = deadLetters(this, {
      ...props,
      means: `Messages of ${name} failed ${MAX_RECEIVES} times and wait for a person.`,
    });
    this.queue = new Queue(this, 'Queue', {
      ...common(fifo),
      // For who sends without saying how a repeat is known, as timers do.
      contentBasedDeduplication: fifo,
      queueName: `${name}${suffix(fifo)}`,
      visibilityTimeout: Duration.seconds(props.consumerTimeout.toSeconds() * VISIBILITY_TIMEOUTS),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
  }
}

export interface DeadLettersProps {
  /** Whose they are. */
  readonly name: string;
  readonly fifo?: boolean;
  /** What it means that there are any. */
  readonly means: string;
  readonly alarms: ITopic;
}

/** The queue of what failed for good, with an alarm as soon as there is something in it. */
export function deadLetters(scope: Construct, props: DeadLettersProps): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    ...common(props.fifo),
    queueName: `${props.name}-dead-letters${suffix(props.fifo)}`,
  });
  new RunbookAlarm(scope, 'Alarm', {
    name: `${props.name}-dead-letters`,
    metric: queue.metricApproximateNumberOfMessagesVisible({
      period: ALARM_PERIOD,
      statistic: 'Maximum',
    }),
    means: props.means,
    heading: 'deadLetters',
    topic: props.alarms,
  });
  return queue;
}

const suffix = (fifo = false) => (fifo ? '.fifo' : '');

const common = (fifo?: boolean) => ({
  fifo,
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: RETENTION,
});
