/**
 * THE table of functions: how much memory and time each gets, what it is told, what it may do, and
 * which queue it works off. A new function is a folder in `functions/` and a row here.
 */
import type { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Stage } from './config.js';
import { physicalName, routesPrefix, secretParameter } from './naming.js';
import * as to from './rights.js';
import { buyMachines, command, type Purchase } from './worker-rights.js';

/** Everything that functions are connected to. */
export interface World {
  readonly stack: Stack;
  readonly stage: Stage;
  readonly tables: Record<'accounts' | 'projects' | 'fleet' | 'ledger', ITable>;
  readonly key: IKey;
  readonly bundles: IBucket;
  readonly queues: Record<QueueName, IQueue>;
  readonly workers: Purchase;
}

export type QueueName = 'mail' | 'billing' | 'routes';

export interface FunctionRow {
  readonly memoryMib: number;
  readonly timeoutS: number;
  /** The queue whose messages it gets. */
  readonly worksOff?: { readonly queue: QueueName; readonly failsOneByOne: boolean };
  readonly env: (world: World) => Record<string, string>;
  readonly may: (world: World) => PolicyStatement[];
}

/** How many messages at most a function gets at once. */
export const BATCH_SIZE = 10;

const provisionName = (it: World) => physicalName(it.stage, 'provision');
const provisionArn = (it: World) => to.stateMachineArn(it.stack, provisionName(it));

const fleet = (it: World) => ({ FLEET_TABLE: it.tables.fleet.tableName, POOL: it.stage.region });
const projects = (it: World) => ({ PROJECTS_TABLE: it.tables.projects.tableName });
const ledger = (it: World) => ({ LEDGER_TABLE: it.tables.ledger.tableName });

export const FUNCTIONS = {
  api: {
    memoryMib: 512,
    timeoutS: 29,
    env: (it) => ({
      ...projects(it),
      ACCOUNTS_TABLE: it.tables.accounts.tableName,
      KEY_ID: it.key.keyId,
      MAIL_QUEUE_URL: it.queues.mail.queueUrl,
      PROVISION_ARN: provisionArn(it),
      JWT_KEY_PARAMETER: secretParameter(it.stage, 'jwt-key'),
      DODO_URL: it.stage.dodo.url,
      DODO_KEY_PARAMETER: secretParameter(it.stage, 'dodo-api-key'),
      DODO_PRODUCT_STANDARD: it.stage.dodo.products.standard,
      DODO_PRODUCT_PRO: it.stage.dodo.products.pro,
      APP_URL: it.stage.appUrl,
      DOMAIN: it.stage.domain,
      INSTANCE_URL_PORT: it.stage.instanceUrlPort,
    }),
    may: (it) => [
      to.readWrite(it.tables.accounts),
      to.readWrite(it.tables.projects),
      to.seal(it.key, ['gateway_token', 'model_key']),
      to.open(it.key, ['gateway_token']),
      to.send(it.queues.mail),
      to.start(provisionArn(it)),
      to.follow(it.stack, provisionName(it)),
      to.readParameter(it.stack, secretParameter(it.stage, 'jwt-key')),
      to.readParameter(it.stack, secretParameter(it.stage, 'dodo-api-key')),
    ],
  },
  'webhook-intake': {
    memoryMib: 256,
    timeoutS: 10,
    env: (it) => ({
      ...ledger(it),
      BILLING_QUEUE_URL: it.queues.billing.queueUrl,
      DODO_WEBHOOK_PARAMETER: secretParameter(it.stage, 'dodo-webhook'),
    }),
    may: (it) => [
      to.record(it.tables.ledger),
      to.send(it.queues.billing),
      to.readParameter(it.stack, secretParameter(it.stage, 'dodo-webhook')),
    ],
  },
  billing: {
    memoryMib: 256,
    timeoutS: 30,
    worksOff: { queue: 'billing', failsOneByOne: true },
    env: (it) => ({ ...ledger(it), ...projects(it), PROVISION_ARN: provisionArn(it) }),
    may: (it) => [
      to.readWrite(it.tables.ledger),
      to.readWrite(it.tables.projects),
      to.start(provisionArn(it)),
    ],
  },
  'project-state': {
    memoryMib: 256,
    timeoutS: 30,
    env: projects,
    may: (it) => [to.readWrite(it.tables.projects)],
  },
  placement: {
    memoryMib: 256,
    timeoutS: 30,
    env: fleet,
    may: (it) => [to.readWrite(it.tables.fleet)],
  },
  provision: {
    memoryMib: 256,
    timeoutS: 150,
    env: (it) => ({
      ...fleet(it),
      LAUNCH_TEMPLATE_ID: it.workers.launchTemplateId,
      SUBNET_IDS: it.workers.subnetIds.join(','),
      OFFERINGS: JSON.stringify(it.stage.offerings),
      AGENT_IMAGE: it.stage.agentImage,
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      ...buyMachines(it.stack, it.stage, it.workers),
      ...command(it.stack, it.stage),
    ],
  },
  'docker-run': {
    memoryMib: 256,
    timeoutS: 150,
    env: (it) => ({
      ...fleet(it),
      ...projects(it),
      KEY_ID: it.key.keyId,
      BUNDLES_BUCKET: it.bundles.bucketName,
      MODEL_URL: it.stage.model.url,
      MODEL_ID: it.stage.model.id,
      MODEL_EGRESS: it.stage.model.egress,
      EDGE_CIDR: it.stage.edgeCidr,
      INSTANCE_URL_PORT: it.stage.instanceUrlPort,
      AGENT_IMAGE: it.stage.agentImage,
    }),
    may: (it) => [
      to.read(it.tables.fleet),
      // A worker that does not take a launch is cordoned.
      to.update(it.tables.fleet),
      to.read(it.tables.projects),
      to.handOver(it.bundles, 'bundles'),
      to.open(it.key, ['gateway_token', 'model_key']),
      ...command(it.stack, it.stage),
    ],
  },
  'health-check': {
    memoryMib: 256,
    timeoutS: 150,
    env: () => ({}),
    may: (it) => command(it.stack, it.stage),
  },
  route: {
    memoryMib: 256,
    timeoutS: 30,
    env: (it) => ({ ...ledger(it), ROUTES_QUEUE_URL: it.queues.routes.queueUrl }),
    may: (it) => [to.readWrite(it.tables.ledger), to.send(it.queues.routes)],
  },
  'route-publisher': {
    memoryMib: 256,
    timeoutS: 30,
    // A wake-up is not about one route: what one leaves undone, the next one does.
    worksOff: { queue: 'routes', failsOneByOne: false },
    env: (it) => ({ ...ledger(it), ROUTES_PREFIX: routesPrefix(it.stage) }),
    may: (it) => [
      to.readWrite(it.tables.ledger),
      ...to.writeParameters(it.stack, it.stage, routesPrefix(it.stage)),
    ],
  },
  notify: {
    memoryMib: 256,
    timeoutS: 30,
    worksOff: { queue: 'mail', failsOneByOne: true },
    env: (it) => ({
      ...projects(it),
      ACCOUNTS_TABLE: it.tables.accounts.tableName,
      MAIL_FROM: it.stage.mailFrom,
      APP_URL: it.stage.appUrl,
      INSTANCE_URL_PORT: it.stage.instanceUrlPort,
    }),
    may: (it) => [
      to.read(it.tables.accounts),
      to.read(it.tables.projects),
      to.sendMail(it.stack, it.stage),
    ],
  },
} as const satisfies Record<string, FunctionRow>;

/** The name of a function's folder, crate and binary. */
export type FunctionName = keyof typeof FUNCTIONS;

/** The table as rows of one type, in its order. */
export const functionRows = Object.entries(FUNCTIONS) as [FunctionName, FunctionRow][];
