/** An alarm on what a function says of itself, for what no metric of AWS's tells. */
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { physicalName } from '../naming.js';
import type { Call } from '../world.js';
import { ALARM_PERIOD, RunbookAlarm } from './runbook-alarm.js';

export interface LogAlarmProps {
  readonly stage: Stage;
  readonly logs: ILogGroup;
  readonly call: Call;
  readonly alarms: ITopic;
}

export class LogAlarm extends Construct {
  constructor(scope: Construct, id: string, { stage, logs, call, alarms }: LogAlarmProps) {
    super(scope, id);
    const name = physicalName(stage, call.name);
    const filter = new MetricFilter(this, 'Lines', {
      logGroup: logs,
      // The words as they are, whatever the format of the log.
      filterPattern: FilterPattern.literal(`"${call.says}"`),
      metricNamespace: '1mins',
      metricName: `${name}-lines`,
    });
    new RunbookAlarm(this, 'Alarm', {
      name,
      metric: filter.metric({ period: ALARM_PERIOD, statistic: 'Sum' }),
      means: call.means,
      heading: call.heading,
      topic: alarms,
      ...(call.atLeast !== undefined && { threshold: call.atLeast }),
    });
  }
}
