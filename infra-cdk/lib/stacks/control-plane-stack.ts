/** What runs the business: functions, the queues between them, the saga, the API, and its alarms. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { httpApi } from '../constructs/http-api.js';
import { ALARM_PERIOD, RunbookAlarm } from '../constructs/runbook-alarm.js';
import { RustFunction } from '../constructs/rust-function.js';
import { UNDO_FAILED } from '../constructs/saga.js';
import { SagaMachine } from '../constructs/saga-machine.js';
import { WorkQueue } from '../constructs/work-queue.js';
import {
  BATCH_SIZE,
  type FunctionName,
  type FunctionRow,
  functionRows,
  type QueueName,
  type World,
} from '../functions.js';
import { physicalName, routesPrefix } from '../naming.js';
import { PROVISION } from '../sagas/provision.js';
import type { DataStack } from './data-stack.js';
import type { WorkersStack } from './workers-stack.js';

export class ControlPlaneStack extends Stack {
  readonly alarms: Topic;
  readonly api: HttpApi;
  /** Whom mails come from. */
  readonly mailDomain: EmailIdentity;

  constructor(
    scope: Construct,
    id: string,
    private readonly stage: Stage,
    below: { readonly data: DataStack; readonly workers: WorkersStack },
    props: StackProps,
  ) {
    super(scope, id, props);
    this.alarms = new Topic(this, 'Alarms', {
      topicName: physicalName(stage, 'alarms'),
      enforceSSL: true,
    });
    this.mailDomain = new EmailIdentity(this, 'MailDomain', {
      identity: Identity.domain(stage.domain),
    });
    const { tables, key, bundles } = below.data;
    const { workers } = below;
    const queues = this.queues();
    const functions = this.functions({ stack: this, stage, tables, key, bundles, queues, workers });
    this.provisionSaga(functions);
    this.api = httpApi(this, {
      stage,
      alarms: this.alarms,
      api: functions.api,
      webhookIntake: functions['webhook-intake'],
    });
    new CfnOutput(this, 'AlarmsTopicArn', { value: this.alarms.topicArn });
    new CfnOutput(this, 'RoutesPrefix', { value: routesPrefix(stage) });
  }

  private queues(): World['queues'] {
    return {
      mail: this.queue('MailQueue', 'mail'),
      billing: this.queue('BillingQueue', 'billing'),
      routes: this.queue('RoutesQueue', 'routes', { fifo: true }),
    };
  }

  private queue(id: string, name: QueueName, options?: { readonly fifo: boolean }) {
    const consumer = functionRows.find(([, row]) => row.worksOff?.queue === name)?.[1];
    if (!consumer) throw new Error(`no function works off the queue \`${name}\``);
    const { queue } = new WorkQueue(this, id, {
      ...options,
      name: physicalName(this.stage, name),
      consumerTimeout: Duration.seconds(consumer.timeoutS),
      alarms: this.alarms,
    });
    new CfnOutput(this, `${id}Url`, { value: queue.queueUrl });
    return queue;
  }

  private functions(world: World): Record<FunctionName, RustFunction> {
    const built = functionRows.map(([name, row]) => [name, this.function(name, row, world)]);
    return Object.fromEntries(built);
  }

  private function(name: FunctionName, row: FunctionRow, world: World): RustFunction {
    const built = new RustFunction(this, pascal(name), {
      crate: name,
      name: physicalName(this.stage, name),
      memoryMib: row.memoryMib,
      timeoutS: row.timeoutS,
      architecture: this.stage.architecture,
      env: row.env(world),
      may: row.may(world),
      alarms: this.alarms,
    });
    if (row.worksOff) {
      const { queue, failsOneByOne } = row.worksOff;
      built.function.addEventSource(
        new SqsEventSource(world.queues[queue], {
          batchSize: BATCH_SIZE,
          reportBatchItemFailures: failsOneByOne,
        }),
      );
    }
    return built;
  }

  private provisionSaga(functions: Record<FunctionName, RustFunction>): void {
    const name = physicalName(this.stage, 'provision');
    const { machine, logs } = new SagaMachine(this, 'ProvisionSaga', {
      name,
      definition: PROVISION,
      functions,
    });
    new RunbookAlarm(this, 'ProvisionFailed', {
      name: `${name}-failed`,
      metric: machine.metricFailed({ period: ALARM_PERIOD }),
      means: 'A provisioning failed; what it had done is undone.',
      heading: 'sagaFailed',
      topic: this.alarms,
    });
    new RunbookAlarm(this, 'ProvisionUndoFailed', {
      name: `${name}-undo-failed`,
      metric: undoFailures(this, logs, name),
      means: 'A provisioning failed and could not be undone: something is left behind.',
      heading: 'undoFailed',
      topic: this.alarms,
    });
    new CfnOutput(this, 'ProvisionArn', { value: machine.stateMachineArn });
  }
}

/** The service's own metric counts failures of both kinds alike, so this one is read from the log. */
function undoFailures(scope: Construct, logGroup: LogGroup, name: string) {
  const filter = new MetricFilter(scope, 'UndoFailures', {
    logGroup,
    filterPattern: FilterPattern.all(
      FilterPattern.stringValue('$.type', '=', 'FailStateEntered'),
      FilterPattern.stringValue('$.details.name', '=', UNDO_FAILED),
    ),
    metricNamespace: '1mins',
    metricName: `${name}-undo-failures`,
  });
  return filter.metric({ period: ALARM_PERIOD, statistic: 'Sum' });
}

const pascal = (name: string) =>
  name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
