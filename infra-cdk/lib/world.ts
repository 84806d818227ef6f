/** What a row of the table of functions is made of, and what functions are connected to. */
import type { Duration, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Stage } from './config.js';
import type { Heading } from './constructs/runbook-alarm.js';
import type { Joining } from './hetzner.js';
import type { Purchase } from './worker-rights.js';

/** Everything that functions are connected to. */
export interface World {
  readonly stack: Stack;
  readonly stage: Stage;
  readonly tables: Record<'accounts' | 'projects' | 'fleet' | 'ledger', ITable>;
  readonly key: IKey;
  readonly bundles: IBucket;
  readonly backups: IBucket;
  readonly queues: Record<QueueName, IQueue>;
  readonly timers: Timers;
  readonly workers: Purchase & Joining;
  /** Where instances find the function that meters their calls of models. */
  readonly meterUrl: string;
}

/** Where timers are set whose messages go to one queue. */
export interface Timers {
  /** As `shared/adapters/src/scheduler.rs` reads it. */
  readonly settings: string;
  /** Of every timer in the group. */
  readonly arns: string;
  /** As whom the scheduler sends. */
  readonly roleArn: string;
}

export type QueueName = 'mail' | 'billing' | 'routes' | 'warm' | 'watch' | 'instances' | 'wakes';

export interface FunctionRow {
  readonly memoryMib: number;
  readonly timeoutS: number;
  /** The queue whose messages it gets. */
  readonly worksOff?: {
    readonly queue: QueueName;
    readonly failsOneByOne: boolean;
    /** How many messages it gets at once, if not as many as others. */
    readonly batchSize?: number;
  };
  /** It answers at an address of its own, open to everybody, while it still works on the answer. */
  readonly streams?: true;
  /** It is run this often, and looks anew each time: what one run leaves undone, the next one does. */
  readonly every?: Duration;
  /** Once a day beside that, and with what it is told then. */
  readonly nightly?: { readonly hourUtc: number; readonly input: Record<string, string> };
  /** What happens in the account that it is told of, once. */
  readonly on?: readonly EventPattern[];
  /** What it says in its log when a person must look. */
  readonly wakes?: readonly Call[];
  readonly env: (world: World) => Record<string, string>;
  readonly may: (world: World) => PolicyStatement[];
}

/** A line of a log that wakes somebody. */
export interface Call {
  /** What the line contains, to the letter. */
  readonly says: string;
  /** Of the alarm. */
  readonly name: string;
  readonly means: string;
  readonly heading: Heading;
  /** How many such lines within a few minutes wake somebody. Without it, one does. */
  readonly atLeast?: number;
}
