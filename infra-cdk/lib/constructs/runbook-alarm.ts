/** An alarm that tells whoever it wakes what to do: its description ends in a heading of the runbook. */
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** The headings of RUNBOOK.md that alarms point to. A test looks for each. */
export const HEADINGS = {
  deadLetters: 'A queue has dead letters',
  sagaFailed: 'A saga failed',
  undoFailed: 'An undo failed',
  functionErrors: 'A function fails',
  apiErrors: 'The API answers with errors',
  loopStopped: 'A scheduled loop stands still',
  workerSilent: 'A worker is silent',
  workerLost: 'A worker was lost',
  instanceUnwell: 'An instance is unwell',
  instanceGivenUp: 'An instance was given up',
  instancesOutOfReach: 'A worker does not reach its instances',
  restartsPileUp: 'Restarts pile up',
  reaperStopped: 'The reaper stopped itself',
  paidNotRunning: 'Somebody paid and has nothing',
  booksDoNotAddUp: 'The books do not add up',
  billingNeedsPerson: 'Billing needs a person',
  priceNotTaken: 'A price is not taken over',
  blanksBackOff: 'Blank boots are backing off',
  growthBacksOff: 'Growth is backing off',
  backupOverdue: 'A backup is overdue',
  callNotCounted: 'A call of a model was not counted',
  modelRefusesUs: 'The provider of models refuses us',
  rebalance: 'A worker is likely to be taken away',
} as const;

export type Heading = keyof typeof HEADINGS;

export interface RunbookAlarmProps {
  readonly name: string;
  readonly metric: IMetric;
  /** What it means when this goes off, in one sentence. */
  readonly means: string;
  readonly heading: Heading;
  readonly topic: ITopic;
  /** Goes off when the metric is at least this. */
  readonly threshold?: number;
  /** Goes off instead when the metric was less, or was not there at all, for so many periods. */
  readonly absentFor?: number;
}

/** The period over which every alarm here counts. */
export const ALARM_PERIOD = Duration.minutes(5);

export class RunbookAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id, {
      alarmName: props.name,
      alarmDescription: `${props.means} RUNBOOK.md#${anchor(HEADINGS[props.heading])}`,
      metric: props.metric,
      threshold: props.threshold ?? 1,
      ...(props.absentFor ? whenAbsent(props.absentFor) : WHEN_PRESENT),
    });
    this.addAlarmAction(new SnsAction(props.topic));
  }
}

const WHEN_PRESENT = {
  evaluationPeriods: 1,
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  // Nothing happened is no news.
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

const whenAbsent = (periods: number) => ({
  evaluationPeriods: periods,
  comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.BREACHING,
});

/** How a Markdown heading is spelt in a link. */
export const anchor = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');
