/** The rows of the functions that keep the fleet: nobody's order makes them run, but the state of it. */
import { Duration } from 'aws-cdk-lib';
import {
  architecture,
  backups,
  bundles,
  fleet,
  ledger,
  machines,
  offerings,
  projects,
  regions,
  sagaArn,
} from './function-env.js';
import { forgetNodes } from './hetzner.js';
import { physicalName } from './naming.js';
import { SUBSCRIPTIONS } from './partitions.js';
import * as to from './rights.js';
import { command, keepMachines } from './worker-rights.js';
import type { FunctionRow, World } from './world.js';

/** The partition of the ledger with the commands of operators; `AUDIT` in `shared/adapters/src/dynamodb/keys.rs`. */
const AUDIT = 'AUDIT';

/** What comes before a machine's id in the name that its role proves, under which its heartbeats are kept. */
const machineNames = (it: World) => ({
  MACHINE_ARN_PREFIX: it.stack.formatArn({
    service: 'ec2',
    resource: 'instance',
    resourceName: '',
  }),
});

/** What goes by heartbeats, and says of what has ended that it has. */
const listening = (it: World) => ({
  ...fleet(it),
  ...projects(it),
  ...ledger(it),
  ROUTES_QUEUE_URL: it.queues.routes.queueUrl,
  ...machineNames(it),
});

/** What looks at workers settles what was on the lost ones. */
const watching = (it: World) => ({ ...listening(it), ...machines(it) });

/** A machine of the account is about to go, or does. EC2 does not say whose it is. */
const MACHINE_EVENTS = [
  {
    source: ['aws.ec2'],
    detailType: ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
  },
  {
    source: ['aws.ec2'],
    detailType: ['EC2 Instance State-change Notification'],
    detail: { state: ['stopping', 'stopped', 'shutting-down', 'terminated'] },
  },
];

export const FLEET_FUNCTIONS = {
  'warm-pool': {
    memoryMib: 256,
    timeoutS: 60,
    // A poke says no more than "look".
    worksOff: { queue: 'warm', failsOneByOne: false },
    every: Duration.minutes(1),
    wakes: [
      {
        says: 'blank boots are backing off',
        name: 'blanks-back-off',
        means: 'Blanks failed to boot one after the other, so fewer are tried.',
        heading: 'blanksBackOff',
      },
      {
        says: 'growth is backing off',
        name: 'growth-backs-off',
        means: 'Workers could not be bought or started one after the other, so fewer are tried.',
        heading: 'growthBacksOff',
      },
    ],
    env: (it) => ({
      ...fleet(it),
      ...regions(it),
      ...architecture(it),
      ...offerings(it),
      WARM_POOL: JSON.stringify(it.stage.warmPool),
      BLANK_ARN: sagaArn(it, 'blank'),
      GROW_ARN: sagaArn(it, 'grow'),
      DRAIN_ARN: sagaArn(it, 'drain'),
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      ...(['blank', 'grow', 'drain'] as const).map((saga) => to.start(sagaArn(it, saga))),
      ...(['blank', 'grow'] as const).map((saga) => to.listExecutions(sagaArn(it, saga))),
      ...command(it.stack, it.stage),
    ],
  },
  drain: {
    memoryMib: 256,
    // So long one call waits for instances to move, and a little more.
    timeoutS: 270,
    env: (it) => ({
      ...fleet(it),
      ...projects(it),
      ...machines(it),
      HALT_ARN: sagaArn(it, 'halt'),
      PROVISION_ARN: sagaArn(it, 'provision'),
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      to.read(it.tables.projects),
      // Whether what brought an instance here has ended.
      to.describe(it.stack, physicalName(it.stage, 'provision')),
      // What is on a worker is halted there, and then runs elsewhere.
      to.start(sagaArn(it, 'halt')),
      ...keepMachines(it.stack, it.stage, 'stop'),
      ...forgetNodes(it.stack, it.stage),
    ],
  },
  'worker-watch': {
    memoryMib: 256,
    timeoutS: 60,
    // Its own messages to itself: a look each, between those of the minute.
    worksOff: { queue: 'watch', failsOneByOne: false },
    every: Duration.minutes(1),
    on: MACHINE_EVENTS,
    wakes: [
      {
        says: 'worker silent',
        name: 'worker-silent',
        means: 'A worker sends no heartbeats; nothing new is placed on it.',
        heading: 'workerSilent',
      },
      {
        says: 'worker lost',
        name: 'worker-lost',
        means:
          'A worker is gone; the instances that it ran begin anew from their backups, if they have any.',
        heading: 'workerLost',
      },
      {
        says: 'rebalance recommendation',
        name: 'rebalance-recommended',
        means:
          'EC2 expects to take the machine of a worker back; what it runs moves to other workers.',
        heading: 'rebalance',
      },
    ],
    env: (it) => ({
      ...watching(it),
      WATCH_QUEUE_URL: it.queues.watch.queueUrl,
      DRAIN_ARN: sagaArn(it, 'drain'),
      HALT_ARN: sagaArn(it, 'halt'),
      PROVISION_ARN: sagaArn(it, 'provision'),
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      to.readMany(it.tables.fleet),
      to.readWrite(it.tables.projects),
      to.readWrite(it.tables.ledger),
      to.send(it.queues.routes),
      to.send(it.queues.watch),
      // What is about to be lost moves away, and what was lost begins anew.
      to.start(sagaArn(it, 'drain')),
      to.start(sagaArn(it, 'provision')),
      // Whether a halt brings to safety what was on a lost worker.
      to.describe(it.stack, physicalName(it.stage, 'halt')),
      ...keepMachines(it.stack, it.stage),
      ...forgetNodes(it.stack, it.stage),
    ],
  },
  'instance-watch': {
    memoryMib: 256,
    timeoutS: 60,
    // Its own messages to itself, as those of `worker-watch`.
    worksOff: { queue: 'instances', failsOneByOne: false },
    every: Duration.minutes(1),
    wakes: [
      {
        says: 'instance unwell',
        name: 'instance-unwell',
        means: 'A restart did not help an instance, and its owner was told.',
        heading: 'instanceUnwell',
      },
      {
        says: 'instance given up',
        name: 'instance-given-up',
        means: 'An instance was helped neither by restarts nor by another worker.',
        heading: 'instanceGivenUp',
      },
      {
        says: "instances out of their worker's reach",
        name: 'instances-out-of-reach',
        means: 'Most instances of a worker do not answer it at once: the worker is ill, not they.',
        heading: 'instancesOutOfReach',
      },
      {
        says: 'instance started again',
        name: 'restarts-pile-up',
        means: 'Many instances were started again within minutes.',
        heading: 'restartsPileUp',
        atLeast: 5,
      },
      {
        says: 'instance placed anew',
        name: 'placements-pile-up',
        means: 'Several instances that were ill were placed anew within minutes.',
        heading: 'restartsPileUp',
        atLeast: 3,
      },
    ],
    env: (it) => ({
      ...listening(it),
      ACCOUNTS_TABLE: it.tables.accounts.tableName,
      RESTART_ARN: sagaArn(it, 'restart'),
      HALT_ARN: sagaArn(it, 'halt'),
      MAIL_QUEUE_URL: it.queues.mail.queueUrl,
      INSTANCES_QUEUE_URL: it.queues.instances.queueUrl,
    }),
    may: (it) => [
      to.read(it.tables.fleet),
      to.readMany(it.tables.fleet),
      to.readWrite(it.tables.projects),
      // Whom to write to.
      to.read(it.tables.accounts),
      // Of what is given up, the host says so.
      to.readWrite(it.tables.ledger),
      to.send(it.queues.routes),
      to.send(it.queues.mail),
      to.send(it.queues.instances),
      ...(['restart', 'halt'] as const).map((saga) => to.start(sagaArn(it, saga))),
    ],
  },
  'sleep-watch': {
    memoryMib: 256,
    // A minute for those that sleep, and what four gateways may take to answer.
    timeoutS: 180,
    worksOff: { queue: 'wakes', failsOneByOne: false },
    every: Duration.minutes(1),
    env: (it) => ({
      ...fleet(it),
      ...projects(it),
      ...ledger(it),
      ...machineNames(it),
      KEY_ID: it.key.keyId,
      TELEGRAM_URL: it.stage.telegramUrl,
      HALT_ARN: sagaArn(it, 'halt'),
      PROVISION_ARN: sagaArn(it, 'provision'),
      WAKES_QUEUE_URL: it.queues.wakes.queueUrl,
    }),
    may: (it) => [
      to.read(it.tables.fleet),
      to.readMany(it.tables.fleet),
      // Who sleeps, and who is to start again.
      to.readWrite(it.tables.projects),
      // Whether it is paid for.
      to.readFrom(it.tables.ledger, [SUBSCRIPTIONS]),
      // Whether anybody has written to the bot of one that is asleep.
      to.open(it.key, ['telegram_token']),
      // Who falls asleep cannot be woken before it sleeps.
      to.send(it.queues.wakes),
      ...(['halt', 'provision'] as const).map((saga) => to.start(sagaArn(it, saga))),
      // Whether what brought an instance to where it is has ended.
      to.describe(it.stack, physicalName(it.stage, 'provision')),
      // The gateway has the last word.
      ...command(it.stack, it.stage),
    ],
  },
  backup: {
    memoryMib: 256,
    // Nine minutes of beginnings, and the longest single backup.
    timeoutS: 870,
    every: Duration.minutes(15),
    wakes: [
      {
        says: 'backup overdue',
        name: 'backup-overdue',
        means: 'An instance runs whose newest backup is hours old.',
        heading: 'backupOverdue',
      },
    ],
    env: (it) => ({ ...fleet(it), ...projects(it), ...backups(it) }),
    may: (it) => [
      to.read(it.tables.fleet),
      to.scan(it.tables.projects),
      to.read(it.tables.projects),
      // The newest backup of each.
      to.update(it.tables.projects),
      to.backUp(it.backups, 'backups'),
      ...to.tidyUp(it.backups, 'backups'),
      ...command(it.stack, it.stage),
    ],
  },
  reaper: {
    memoryMib: 256,
    timeoutS: 240,
    every: Duration.minutes(5),
    wakes: [
      {
        says: 'reaper stopped itself',
        name: 'reaper-stopped-itself',
        means: 'The reaper would have to delete more than it may at once, and does nothing.',
        heading: 'reaperStopped',
      },
    ],
    env: (it) => ({
      ...watching(it),
      ...bundles(it),
      REAPER: JSON.stringify(it.stage.reaper),
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      to.readMany(it.tables.fleet),
      to.read(it.tables.projects),
      to.readWrite(it.tables.ledger),
      to.send(it.queues.routes),
      ...to.tidyUp(it.bundles, 'bundles'),
      ...keepMachines(it.stack, it.stage),
      ...forgetNodes(it.stack, it.stage),
      ...command(it.stack, it.stage),
    ],
  },
  /** People invoke it, with `scripts/ops`; and the saga of their commands, for its audit. */
  operator: {
    memoryMib: 256,
    timeoutS: 30,
    env: (it) => ({
      ...fleet(it),
      ...projects(it),
      ...ledger(it),
      ...bundles(it),
      DRAIN_ARN: sagaArn(it, 'drain'),
      LOGS_ARN: sagaArn(it, 'logs'),
      EXEC_ARN: sagaArn(it, 'exec'),
    }),
    may: (it) => [
      to.readWrite(it.tables.fleet),
      to.read(it.tables.projects),
      to.readFrom(it.tables.ledger, [AUDIT]),
      to.putInto(it.tables.ledger, [AUDIT]),
      to.fetch(it.bundles, 'logs'),
      ...(['drain', 'logs', 'exec'] as const).map((saga) => to.start(sagaArn(it, saga))),
      ...(['logs', 'exec'] as const).map((saga) =>
        to.describe(it.stack, physicalName(it.stage, saga)),
      ),
    ],
  },
} as const satisfies Record<string, FunctionRow>;
