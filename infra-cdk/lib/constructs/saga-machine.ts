/**
 * The state machine that runs a saga, with the rights to call the functions in it and no others, and
 * an alarm for each of the two ways in which it may end badly.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { FunctionName } from '../functions.js';
import { ALARM_PERIOD, RunbookAlarm } from './runbook-alarm.js';
import type { RustFunction } from './rust-function.js';
import { type Definition, type Saga, UNDO_FAILED } from './saga.js';

export interface SagaMachineProps {
  readonly name: string;
  readonly saga: Saga;
  readonly functions: Record<FunctionName, RustFunction>;
  readonly alarms: ITopic;
}

export class SagaMachine extends Construct {
  readonly machine: StateMachine;
  private readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: SagaMachineProps) {
    super(scope, id);
    this.logs = new LogGroup(this, 'Logs', {
      // Log delivery is only granted by itself to groups under this prefix.
      logGroupName: `/aws/vendedlogs/states/${props.name}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { definition } = props.saga;
    const arns = Object.fromEntries(
      calledBy(definition).map((name) => [name, props.functions[name].function.functionArn]),
    );
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: props.name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(JSON.stringify(definition)),
      definitionSubstitutions: arns,
      logs: { destination: this.logs, level: LogLevel.ALL, includeExecutionData: false },
      tracingEnabled: true,
    });
    this.machine.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: Object.values(arns) }),
    );
    new RunbookAlarm(this, 'Failed', {
      name: `${props.name}-failed`,
      metric: this.machine.metricFailed({ period: ALARM_PERIOD }),
      means: `${props.saga.act} failed; what it had done is undone.`,
      heading: 'sagaFailed',
      topic: props.alarms,
    });
    new RunbookAlarm(this, 'UndoFailed', {
      name: `${props.name}-undo-failed`,
      metric: this.undoFailures(props.name),
      means: `${props.saga.act} failed and could not be undone: something is left behind.`,
      heading: 'undoFailed',
      topic: props.alarms,
    });
  }

  /** The service's own metric counts failures of both kinds alike, so this one is read from the log. */
  private undoFailures(name: string) {
    const filter = new MetricFilter(this, 'UndoFailures', {
      logGroup: this.logs,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.type', '=', 'FailStateEntered'),
        FilterPattern.stringValue('$.details.name', '=', UNDO_FAILED),
      ),
      metricNamespace: '1mins',
      metricName: `${name}-undo-failures`,
    });
    return filter.metric({ period: ALARM_PERIOD, statistic: 'Sum' });
  }
}

/** The functions that `definition` calls, each once. */
function calledBy(definition: Definition): FunctionName[] {
  const names = Object.values(definition.States).flatMap((state) =>
    state.Type === 'Task' ? [state.Resource.slice('${'.length, -'}'.length) as FunctionName] : [],
  );
  return [...new Set(names)];
}
