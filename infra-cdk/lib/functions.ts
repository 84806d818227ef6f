/**
 * THE table of functions: how much memory and time each gets, what it is told, what it may do, and
 * which queue it works off. A new function is a folder in `functions/` and a row here.
 */
import { Duration } from 'aws-cdk-lib';
import { FLEET_FUNCTIONS } from './fleet-functions.js';
import {
  architecture,
  backups,
  bundles,
  dodo,
  executionsUrl,
  fleet,
  ledger,
  machines,
  offerings,
  projects,
  regions,
  sagaArn,
} from './function-env.js';
import { admitNodes } from './hetzner.js';
import { catalogueEnv } from './models.js';
import { frontSecretParameter, physicalName, routesPrefix, secretParameter } from './naming.js';
import {
  ACCOUNTS,
  CREDITS,
  INTENTS,
  METERED,
  PRICES,
  PROJECTS,
  PROVIDER_KEYS,
  SPEND_CAPS,
  SUBSCRIPTIONS,
  USED_DAYS,
} from './partitions.js';
import * as to from './rights.js';
import { buyMachines, command, keepMachines } from './worker-rights.js';
import type { FunctionRow } from './world.js';

/** How many messages at most a function gets at once. */
export const BATCH_SIZE = 10;

export const FUNCTIONS = {
  api: {
    memoryMib: 512,
    timeoutS: 29,
    env: (it) => ({
      ...projects(it),
      ...ledger(it),
      ACCOUNTS_TABLE: it.tables.accounts.tableName,
      KEY_ID: it.key.keyId,
      MAIL_QUEUE_URL: it.queues.mail.queueUrl,
      FLEET_TABLE: it.tables.fleet.tableName,
      WARM_QUEUE_URL: it.queues.warm.queueUrl,
      PROVISION_ARN: sagaArn(it, 'provision'),
      CONFIGURE_ARN: sagaArn(it, 'configure'),
      HALT_ARN: sagaArn(it, 'halt'),
      RESTART_ARN: sagaArn(it, 'restart'),
      ERASE_ARN: sagaArn(it, 'erase'),
      LOGS_ARN: sagaArn(it, 'logs'),
      IMPORT_ARN: sagaArn(it, 'import'),
      ...backups(it),
      ...bundles(it),
      PROVIDER_URLS: JSON.stringify(it.stage.providerUrls),
      MODELS: catalogueEnv(it.stage),
      JWT_KEY_PARAMETER: secretParameter(it.stage, 'jwt-key'),
      FRONT_SECRET_PARAMETER: frontSecretParameter(it.stage),
      EDGE_KEY_PARAMETER: secretParameter(it.stage, 'edge-key'),
      ...dodo(it),
      BILLING_QUEUE_URL: it.queues.billing.queueUrl,
      BILLING: JSON.stringify(it.stage.billing),
      GOOGLE_ISSUER: it.stage.google.issuer,
      GOOGLE_AUTHORIZE_URL: it.stage.google.authorizeUrl,
      GOOGLE_EXCHANGE_URL: it.stage.google.tokenUrl,
      GOOGLE_JWKS_URL: it.stage.google.jwksUrl,
      GOOGLE_CLIENT_ID: it.stage.google.clientId,
      GOOGLE_SECRET_PARAMETER: secretParameter(it.stage, 'google-client-secret'),
      APP_URL: it.stage.appUrl,
      DOMAIN: it.stage.domain,
      INSTANCE_URL_PORT: it.stage.instanceUrlPort,
      TRIES_PER_NETWORK: String(it.stage.triesPerNetwork),
      OPERATORS: it.stage.operators.join(','),
    }),
    may: (it) => [
      to.readWrite(it.tables.accounts),
      to.readWrite(it.tables.projects),
      to.readFrom(it.tables.ledger, [PRICES, SUBSCRIPTIONS, SPEND_CAPS, ACCOUNTS, USED_DAYS]),
      // The first of a stage, and what they are when somebody is about to pay.
      to.putInto(it.tables.ledger, [PRICES, SPEND_CAPS]),
      // A cap is lifted.
      to.deleteFrom(it.tables.ledger, [SPEND_CAPS]),
      // What customers bring goes in here and comes out in `docker-run` only.
      to.seal(it.key, ['gateway_token', 'model_key', 'provider_key', 'telegram_token']),
      to.open(it.key, ['gateway_token']),
      to.send(it.queues.mail),
      // Who means to buy something says so, and the warm pool looks.
      to.putInto(it.tables.fleet, [INTENTS]),
      to.send(it.queues.warm),
      // Billing alone writes subscriptions: it is told to look.
      to.send(it.queues.billing),
      ...(['provision', 'configure', 'halt', 'restart', 'erase', 'logs', 'import'] as const).map(
        (saga) => to.start(sagaArn(it, saga)),
      ),
      // Which backups there are, and nothing of what is in them.
      to.list(it.backups, 'backups'),
      to.follow(it.stack, physicalName(it.stage, 'provision')),
      to.describe(it.stack, physicalName(it.stage, 'logs')),
      to.describe(it.stack, physicalName(it.stage, 'import')),
      // By the links that it signs; what was uploaded it does not read.
      to.store(it.bundles, 'imports'),
      // Whether the last try to delete what was never paid for has ended.
      to.describe(it.stack, physicalName(it.stage, 'erase')),
      to.fetch(it.bundles, 'logs'),
      to.readParameter(it.stack, secretParameter(it.stage, 'jwt-key')),
      to.readParameter(it.stack, secretParameter(it.stage, 'edge-key')),
      to.readParameter(it.stack, secretParameter(it.stage, 'dodo-api-key')),
      ...to.readFrontSecret(it.stack, it.stage),
      to.readParameter(it.stack, secretParameter(it.stage, 'google-client-secret')),
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
    // One at a time: what fails holds up what comes after it in the order of its subscription.
    worksOff: { queue: 'billing', failsOneByOne: true, batchSize: 1 },
    wakes: [
      {
        says: 'billing needs a person',
        name: 'billing-needs-a-person',
        means:
          'Somebody pays for something that they do not get, or it is not clear who pays for what.',
        heading: 'billingNeedsPerson',
      },
    ],
    env: (it) => ({
      ...ledger(it),
      ...projects(it),
      ...dodo(it),
      ACCOUNTS_TABLE: it.tables.accounts.tableName,
      MAIL_QUEUE_URL: it.queues.mail.queueUrl,
      PROVISION_ARN: sagaArn(it, 'provision'),
      HALT_ARN: sagaArn(it, 'halt'),
      RESIZE_ARN: sagaArn(it, 'resize'),
      ERASE_ARN: sagaArn(it, 'erase'),
      BILLING: JSON.stringify(it.stage.billing),
      TIMERS: it.timers.settings,
      KEY_ID: it.key.keyId,
    }),
    may: (it) => [
      to.readWrite(it.tables.ledger),
      to.readWrite(it.tables.projects),
      to.read(it.tables.accounts),
      to.send(it.queues.mail),
      ...(['provision', 'halt', 'resize', 'erase'] as const).map((saga) =>
        to.start(sagaArn(it, saga)),
      ),
      // Whether the last try has ended, and when.
      ...(['resize', 'erase'] as const).map((saga) =>
        to.describe(it.stack, physicalName(it.stage, saga)),
      ),
      // The secrets of what begins anew.
      to.seal(it.key, ['gateway_token', 'model_key']),
      ...to.setTimers(it.timers),
      to.readParameter(it.stack, secretParameter(it.stage, 'dodo-api-key')),
    ],
  },
  'billing-watch': {
    memoryMib: 256,
    timeoutS: 240,
    every: Duration.minutes(5),
    nightly: { hourUtc: 3, input: { task: 'reconcile' } },
    wakes: [
      {
        says: 'paid and not running',
        name: 'paid-and-not-running',
        means: 'Somebody has paid, and minutes later their instance does not run.',
        heading: 'paidNotRunning',
      },
      {
        says: 'the books do not add up',
        name: 'books-do-not-add-up',
        means: 'What is charged for and what runs are not the same.',
        heading: 'booksDoNotAddUp',
      },
      {
        says: 'a price is out of date',
        name: 'price-out-of-date',
        means: 'Nobody could ask for a price for a day: customers are shown an old one, or none.',
        heading: 'priceNotTaken',
      },
      {
        says: 'a price cannot be meant',
        name: 'price-cannot-be-meant',
        means: 'The price of a plan changed to what nobody would ask: the last good one stays.',
        heading: 'priceNotTaken',
      },
    ],
    env: (it) => ({
      ...ledger(it),
      ...projects(it),
      ...dodo(it),
      PROVISION_ARN: sagaArn(it, 'provision'),
      BILLING_QUEUE_URL: it.queues.billing.queueUrl,
      BILLING: JSON.stringify(it.stage.billing),
      CONSOLE_URL: executionsUrl(it, 'provision'),
    }),
    may: (it) => [
      to.scan(it.tables.projects),
      // Records, the credits that it suggests, and what customers are shown as the price.
      to.read(it.tables.ledger),
      to.putInto(it.tables.ledger, [CREDITS, PRICES]),
      to.send(it.queues.billing),
      to.follow(it.stack, physicalName(it.stage, 'provision')),
      to.readParameter(it.stack, secretParameter(it.stage, 'dodo-api-key')),
    ],
  },
  'project-state': {
    memoryMib: 256,
    timeoutS: 30,
    env: (it) => ({
      ...projects(it),
      CONFIGURE_ARN: sagaArn(it, 'configure'),
      PROVISION_ARN: sagaArn(it, 'provision'),
      HALT_ARN: sagaArn(it, 'halt'),
    }),
    may: (it) => [
      to.readWrite(it.tables.projects),
      // What an owner has set while the instance was being launched.
      to.start(sagaArn(it, 'configure')),
      // An instance that outgrows its worker is halted, and then runs elsewhere.
      to.start(sagaArn(it, 'halt')),
      to.start(sagaArn(it, 'provision')),
    ],
  },
  placement: {
    memoryMib: 256,
    timeoutS: 30,
    env: (it) => ({
      ...fleet(it),
      ...regions(it),
      ...architecture(it),
      MAXIMUM_INSTANCES: JSON.stringify(it.stage.maximumInstances),
    }),
    may: (it) => [to.readWrite(it.tables.fleet)],
  },
  provision: {
    memoryMib: 256,
    timeoutS: 150,
    env: (it) => ({
      ...fleet(it),
      ...architecture(it),
      ...offerings(it),
      ...machines(it),
      AGENT_IMAGE: it.stage.agentImage,
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      ...buyMachines(it.stack, it.stage, it.workers),
      ...keepMachines(it.stack, it.stage, 'start'),
      ...admitNodes(it.stack, it.stage, it.workers),
      ...command(it.stack, it.stage),
    ],
  },
  'docker-run': {
    memoryMib: 256,
    // A gateway stops for a minute, and then its data is on its way; an operator's command may take five.
    timeoutS: 360,
    env: (it) => ({
      ...fleet(it),
      ...projects(it),
      KEY_ID: it.key.keyId,
      ...bundles(it),
      ...backups(it),
      MODEL_URL: it.stage.model.url,
      MODEL_ID: it.stage.model.id,
      MODEL_EGRESS: it.stage.model.egress,
      PROVIDER_URLS: JSON.stringify(it.stage.providerUrls),
      MODEL_METER_URL: it.stage.meters ? it.meterUrl : '',
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
      to.store(it.bundles, 'logs'),
      to.backUp(it.backups, 'backups'),
      to.open(it.key, ['gateway_token', 'model_key', 'provider_key', 'telegram_token']),
      ...command(it.stack, it.stage),
    ],
  },
  'model-meter': {
    memoryMib: 256,
    // As long as a model may take; `PATIENCE` in its sources is shorter.
    timeoutS: 600,
    streams: true,
    wakes: [
      {
        says: 'a call was not counted',
        name: 'call-not-counted',
        means: 'An instance had an answer of a model, and nobody has counted what it cost.',
        heading: 'callNotCounted',
      },
      {
        says: "the platform's model refuses us",
        name: 'model-refuses-us',
        means: "The provider of the platform's own model does not take our key.",
        heading: 'modelRefusesUs',
      },
    ],
    env: (it) => ({
      ...ledger(it),
      ...projects(it),
      KEY_ID: it.key.keyId,
      MODEL_URL: it.stage.model.url,
      MODEL_ID: it.stage.model.id,
      MODEL_KEY_PARAMETER: secretParameter(it.stage, 'model-key'),
      PROVIDER_URLS: JSON.stringify(it.stage.providerUrls),
    }),
    may: (it) => [
      to.getFrom(it.tables.projects, [PROJECTS, PROVIDER_KEYS]),
      to.getFrom(it.tables.ledger, [SPEND_CAPS, ACCOUNTS]),
      to.writeTo(it.tables.ledger, METERED),
      to.open(it.key, ['model_key', 'provider_key']),
      to.readParameter(it.stack, secretParameter(it.stage, 'model-key')),
    ],
  },
  erase: {
    memoryMib: 256,
    timeoutS: 60,
    env: (it) => ({ ...projects(it), ...backups(it) }),
    may: (it) => [to.readWrite(it.tables.projects), ...to.eraseVersions(it.backups, 'backups')],
  },
  import: {
    // For the CPU that comes with it: an archive is unpacked and packed anew, as it streams by.
    memoryMib: 1024,
    timeoutS: 300,
    env: (it) => ({
      ...projects(it),
      ...bundles(it),
      ...backups(it),
      HALT_ARN: sagaArn(it, 'halt'),
      AGENT_IMAGE: it.stage.agentImage,
    }),
    may: (it) => [
      to.readWrite(it.tables.projects),
      to.fetch(it.bundles, 'imports'),
      to.store(it.backups, 'backups'),
      to.start(sagaArn(it, 'halt')),
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
    env: (it) => ({
      ...ledger(it),
      ...projects(it),
      ROUTES_QUEUE_URL: it.queues.routes.queueUrl,
    }),
    may: (it) => [
      to.readWrite(it.tables.ledger),
      to.send(it.queues.routes),
      // Whether a halt can still be undone.
      to.read(it.tables.projects),
    ],
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
  ...FLEET_FUNCTIONS,
} as const satisfies Record<string, FunctionRow>;

/** The name of a function's folder, crate and binary. */
export type FunctionName = keyof typeof FUNCTIONS;

/** The table as rows of one type, in its order. */
export const functionRows = Object.entries(FUNCTIONS) as [FunctionName, FunctionRow][];
