/** What runs the business: functions, the queues between them, the sagas, the API, and its alarms. */
import { CfnOutput, Duration, Lazy, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { FunctionUrlAuthType, InvokeMode } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { httpApi } from '../constructs/http-api.js';
import { LogAlarm } from '../constructs/log-alarm.js';
import { Occasions } from '../constructs/occasions.js';
import { QueueTimers } from '../constructs/queue-timers.js';
import { RustFunction } from '../constructs/rust-function.js';
import type { Saga } from '../constructs/saga.js';
import { SagaMachine } from '../constructs/saga-machine.js';
import { WorkQueue } from '../constructs/work-queue.js';
import { BATCH_SIZE, type FunctionName, functionRows } from '../functions.js';
import { frontSecretName, physicalName, routesPrefix } from '../naming.js';
import { type SagaName, sagaRows } from '../sagas/all.js';
import type { FunctionRow, QueueName, World } from '../world.js';
import type { DataStack } from './data-stack.js';
import type { WorkersStack } from './workers-stack.js';

export class ControlPlaneStack extends Stack {
  readonly alarms: Topic;
  /** Where edges say who came to a host that is asleep. */
  readonly wakes: IQueue;
  readonly api: HttpApi;
  /** Whom mails come from. */
  readonly mailDomain: EmailIdentity;
  private meterUrl?: string;

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
    const { tables, key, bundles, backups } = below.data;
    const { workers } = below;
    const queues = this.queues();
    this.wakes = queues.wakes;
    const timers = new QueueTimers(this, 'BillingTimers', {
      name: physicalName(stage, 'billing-timers'),
      queue: queues.billing,
    });
    const functions = this.functions({
      stack: this,
      stage,
      tables,
      key,
      bundles,
      backups,
      queues,
      timers,
      workers,
      meterUrl: Lazy.string({ produce: () => this.meterUrl }),
    });
    for (const [name, saga] of sagaRows) this.saga(name, saga, functions);
    if (stage.cloud) this.frontSecret();
    this.api = httpApi(this, {
      stage,
      alarms: this.alarms,
      api: functions.api,
      webhookIntake: functions['webhook-intake'],
    });
    new CfnOutput(this, 'AlarmsTopicArn', { value: this.alarms.topicArn });
    new CfnOutput(this, 'RoutesPrefix', { value: routesPrefix(stage) });
  }

  /** Made here and read by name: no template and no person ever holds it. */
  private frontSecret(): void {
    new Secret(this, 'FrontSecret', {
      secretName: frontSecretName(this.stage),
      description: 'By this the API believes CloudFront who calls.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private queues(): World['queues'] {
    return {
      mail: this.queue('MailQueue', 'mail'),
      billing: this.queue('BillingQueue', 'billing', { fifo: true }),
      routes: this.queue('RoutesQueue', 'routes', { fifo: true }),
      warm: this.queue('WarmQueue', 'warm'),
      watch: this.queue('WatchQueue', 'watch'),
      instances: this.queue('InstancesQueue', 'instances'),
      wakes: this.queue('WakesQueue', 'wakes'),
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
      const { queue, failsOneByOne, batchSize } = row.worksOff;
      built.function.addEventSource(
        new SqsEventSource(world.queues[queue], {
          batchSize: batchSize ?? BATCH_SIZE,
          reportBatchItemFailures: failsOneByOne,
        }),
      );
    }
    if (row.streams) {
      // Whoever calls shows a key of a project: instances have no identity of AWS's.
      const { url } = built.function.addFunctionUrl({
        authType: FunctionUrlAuthType.NONE,
        invokeMode: InvokeMode.RESPONSE_STREAM,
      });
      this.meterUrl = url;
      new CfnOutput(this, `${pascal(name)}Url`, { value: url });
    }
    const { alarms, stage } = this;
    new Occasions(built, 'Occasions', { stage, name, row, function: built.function, alarms });
    for (const call of row.wakes ?? []) {
      new LogAlarm(built, pascal(call.name), { stage, logs: built.logs, call, alarms });
    }
    return built;
  }

  private saga(name: SagaName, saga: Saga, functions: Record<FunctionName, RustFunction>): void {
    const { machine } = new SagaMachine(this, `${pascal(name)}Saga`, {
      name: physicalName(this.stage, name),
      saga,
      functions,
      alarms: this.alarms,
    });
    new CfnOutput(this, `${pascal(name)}Arn`, { value: machine.stateMachineArn });
  }
}

const pascal = (name: string) =>
  name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
