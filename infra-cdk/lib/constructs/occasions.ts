/**
 * What makes a function run beside queues and calls: the clock, and what happens in the account.
 *
 * One layer repeats what failed. A run of the clock is repeated by nobody: the next one looks again,
 * and there is an alarm if none succeeds. An event comes once: EventBridge repeats handing it over
 * until Lambda has it, from then on Lambda repeats the run, and what fails for good waits for a
 * person with the dead letters.
 */
import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { physicalName } from '../naming.js';
import type { FunctionRow } from '../world.js';
import { ALARM_PERIOD, RunbookAlarm } from './runbook-alarm.js';
import { deadLetters } from './work-queue.js';

export interface OccasionsProps {
  readonly stage: Stage;
  /** Of the function, in the table. */
  readonly name: string;
  readonly row: FunctionRow;
  readonly function: IFunction;
  readonly alarms: ITopic;
}

/** The shortest that there is. */
const TICK_MAX_AGE = Duration.minutes(1);
/** A machine that is about to go gives two minutes' notice; one that is gone stays gone. */
const EVENT_MAX_AGE = Duration.minutes(15);
const HAND_OVERS = 10;
/** The most that Lambda does. */
const RERUNS = 2;
/** How long nobody minds that no run has succeeded; a rare one may fail once. */
const SILENT_MINUTES = 15;
const SILENT_RUNS = 2;

export class Occasions extends Construct {
  private readonly physicalName: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: OccasionsProps,
  ) {
    super(scope, id);
    this.physicalName = physicalName(props.stage, props.name);
    const { every, nightly, on } = props.row;
    if (every) this.runEvery(every);
    if (nightly) this.runNightly(nightly);
    if (on) this.runOn(on);
    else if (every)
      this.props.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: TICK_MAX_AGE });
  }

  private runEvery(interval: Duration): void {
    new Rule(this, 'Clock', {
      ruleName: `${this.physicalName}-clock`,
      description: `Runs ${this.props.name} once every ${interval.toHumanString()}.`,
      schedule: Schedule.rate(interval),
      targets: [
        new LambdaFunction(this.props.function, {
          event: RuleTargetInput.fromObject({}),
          retryAttempts: 0,
          maxEventAge: TICK_MAX_AGE,
        }),
      ],
    });
    // Nobody waits for a loop of the local stage, and its engine counts no runs.
    if (this.props.stage.cloud) this.alarmWhenSilent(interval);
  }

  /** What a night misses, the next one finds. */
  private runNightly({ hourUtc, input }: NonNullable<FunctionRow['nightly']>): void {
    new Rule(this, 'Night', {
      ruleName: `${this.physicalName}-night`,
      description: `Runs ${this.props.name} once a day.`,
      // Not at the full hour, when everybody's does.
      schedule: Schedule.cron({ hour: String(hourUtc), minute: '17' }),
      targets: [
        new LambdaFunction(this.props.function, {
          event: RuleTargetInput.fromObject(input),
          retryAttempts: HAND_OVERS,
          maxEventAge: EVENT_MAX_AGE,
        }),
      ],
    });
  }

  private runOn(patterns: readonly EventPattern[]): void {
    const { name } = this.props;
    const deadLetterQueue = deadLetters(this, {
      name: `${this.physicalName}-events`,
      means: `Events for ${name} were not handed over, or failed ${RERUNS + 1} times.`,
      alarms: this.props.alarms,
    });
    patterns.forEach((eventPattern, index) => {
      new Rule(this, `Event${index + 1}`, {
        ruleName: `${this.physicalName}-event-${index + 1}`,
        description: `Tells ${name} what happens in the account.`,
        eventPattern,
        targets: [
          new LambdaFunction(this.props.function, {
            deadLetterQueue,
            retryAttempts: HAND_OVERS,
            maxEventAge: EVENT_MAX_AGE,
          }),
        ],
      });
    });
    this.props.function.configureAsyncInvoke({
      retryAttempts: RERUNS,
      maxEventAge: EVENT_MAX_AGE,
      onFailure: new SqsDestination(deadLetterQueue),
    });
  }

  private alarmWhenSilent(interval: Duration): void {
    const rare = interval.toMinutes() >= SILENT_MINUTES;
    const minutes = rare ? interval.toMinutes() * (SILENT_RUNS + 1) : SILENT_MINUTES;
    new RunbookAlarm(this, 'Silent', {
      name: `${this.physicalName}-stands-still`,
      metric: this.successes(),
      absentFor: minutes / ALARM_PERIOD.toMinutes(),
      means: `No run of ${this.props.name} has succeeded for ${minutes} minutes.`,
      heading: 'loopStopped',
      topic: this.props.alarms,
    });
  }

  private successes(): IMetric {
    const counted = { period: ALARM_PERIOD, statistic: 'Sum' };
    return new MathExpression({
      expression: 'FILL(runs, 0) - FILL(failures, 0)',
      usingMetrics: {
        runs: this.props.function.metricInvocations(counted),
        failures: this.props.function.metricErrors(counted),
      },
      label: 'runs that succeeded',
      period: ALARM_PERIOD,
    });
  }
}
