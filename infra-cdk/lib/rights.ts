/** What a function may do, in the words of the table of functions; each is scoped to one resource. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Stage } from './config.js';
import { frontSecretName, frontSecretParameter } from './naming.js';
import type { Timers } from './world.js';

/** What a sealed secret is for; `SecretKind` in `shared/ports/src/vault.rs`. */
export type SecretKind = 'gateway_token' | 'model_key' | 'provider_key' | 'telegram_token';

const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = [
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  // Part of transactions.
  'dynamodb:ConditionCheckItem',
];

const allow = (
  actions: string[],
  resources: string[],
  conditions?: Record<string, Record<string, unknown>>,
) => new PolicyStatement({ actions, resources, conditions });

export const read = (table: ITable) => allow(READ, [table.tableArn]);

export const readWrite = (table: ITable) => allow([...READ, ...WRITE], [table.tableArn]);

/** Reads these partitions, and nothing else in the table. */
export const readFrom = (table: ITable, partitions: string[]) =>
  allow(READ, [table.tableArn], within(partitions));

/** Changes items that it knows by name. */
export const update = (table: ITable) => allow(['dynamodb:UpdateItem'], [table.tableArn]);

/** Reads many items in one call. */
export const readMany = (table: ITable) => allow(['dynamodb:BatchGetItem'], [table.tableArn]);

/** Reads all of it, which only what runs by the clock may do. */
export const scan = (table: ITable) => allow(['dynamodb:Scan'], [table.tableArn]);

/** Reads single items of these partitions, and nothing else in the table. */
export const getFrom = (table: ITable, partitions: string[]) =>
  allow(['dynamodb:GetItem'], [table.tableArn], {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
  });

/** Writes whole items of these partitions, and nothing else in the table. */
export const putInto = (table: ITable, partitions: string[]) =>
  allow(['dynamodb:PutItem'], [table.tableArn], within(partitions));

/** Deletes single items of these partitions, and nothing else in the table. */
export const deleteFrom = (table: ITable, partitions: string[]) =>
  allow(['dynamodb:DeleteItem'], [table.tableArn], within(partitions));

/** Writes and changes items of these partitions, and nothing else in the table. */
export const writeTo = (table: ITable, partitions: string[]) =>
  allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [table.tableArn], within(partitions));

const within = (partitions: string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
});

/** Records single items and changes them, without a view of the others. */
export const record = (table: ITable) =>
  allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [table.tableArn]);

export const send = (queue: IQueue) => allow(['sqs:SendMessage'], [queue.queueArn]);

export const seal = (key: IKey, kinds: SecretKind[]) => onSecrets(key, 'kms:Encrypt', kinds);

export const open = (key: IKey, kinds: SecretKind[]) => onSecrets(key, 'kms:Decrypt', kinds);

/**
 * `IfExists`, because not every engine fills in the key. It gives nothing away: a ciphertext that
 * was made with a context does not open without it.
 */
const onSecrets = (key: IKey, action: string, kinds: SecretKind[]) =>
  allow([action], [key.keyArn], {
    StringEqualsIfExists: { 'kms:EncryptionContext:kind': kinds },
  });

/** `name` begins with a slash, like every parameter here. */
export const readParameter = (stack: Stack, name: string) =>
  allow(['ssm:GetParameter'], [parameterArn(stack, name)]);

/** By what the API knows its front doors, which in a real account is kept elsewhere. */
export const readFrontSecret = (stack: Stack, stage: Stage) => {
  const parameter = readParameter(stack, frontSecretParameter(stage));
  if (!stage.cloud) return [parameter];
  const arn = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    // It ends in six characters that nobody can know before.
    resourceName: `${frontSecretName(stage)}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [parameter, allow(['secretsmanager:GetSecretValue'], [arn])];
};

export const readParameters = (stack: Stack, stage: Stage, prefix: string) => [
  readParameter(stack, `${prefix}/*`),
  asSeenBy(stage, allow(['ssm:GetParameters'], [parameterArn(stack, `${prefix}/*`)])),
];

export const writeParameters = (stack: Stack, stage: Stage, prefix: string) => [
  ...readParameters(stack, stage, prefix),
  allow(['ssm:PutParameter'], [parameterArn(stack, `${prefix}/*`)]),
];

const parameterArn = (stack: Stack, name: string) =>
  stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) });

/** Starts executions and does no more. */
export const start = (stateMachineArn: string) =>
  allow(['states:StartExecution'], [stateMachineArn]);

/** Sets timers and clears them, and has the scheduler send as the one role that may. */
export const setTimers = ({ arns, roleArn }: Timers) => [
  allow(
    ['scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule'],
    [arns],
  ),
  allow(['iam:PassRole'], [roleArn], {
    StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
  }),
];

/** Sees how an execution stands, and nothing of what it does. */
export const describe = (stack: Stack, stateMachineName: string) =>
  allow(['states:DescribeExecution'], [executionArn(stack, `${stateMachineName}:*`)]);

export const follow = (stack: Stack, stateMachineName: string) =>
  allow(
    ['states:DescribeExecution', 'states:GetExecutionHistory'],
    [executionArn(stack, `${stateMachineName}:*`)],
  );

/** `name` is that of the state machine, a colon, and that of the execution. */
export const executionArn = (stack: Stack, name: string) =>
  stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** Sees which executions there are, and how they ended. */
export const listExecutions = (machineArn: string) =>
  allow(['states:ListExecutions'], [machineArn]);

export const stateMachineArn = (stack: Stack, name: string) =>
  stack.formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

export const handOver = (bucket: IBucket, prefix: string) =>
  allow(['s3:PutObject', 's3:GetObject', 's3:DeleteObject'], [bucket.arnForObjects(`${prefix}/*`)]);

/** Stores objects below `prefix`, by the links that it signs, and reads none. */
export const store = (bucket: IBucket, prefix: string) =>
  allow(['s3:PutObject'], [bucket.arnForObjects(`${prefix}/*`)]);

/** Reads objects below `prefix` that it knows by name. */
export const fetch = (bucket: IBucket, prefix: string) =>
  allow(['s3:GetObject'], [bucket.arnForObjects(`${prefix}/*`)]);

/** Stores archives below `prefix` and reads them, by the links that it signs; deletes none. */
export const backUp = (bucket: IBucket, prefix: string) =>
  allow(['s3:PutObject', 's3:GetObject'], [bucket.arnForObjects(`${prefix}/*`)]);

/** Deletes every version of what is below `prefix`, and reads none. */
export const eraseVersions = (bucket: IBucket, prefix: string) => [
  allow(['s3:ListBucketVersions'], [bucket.bucketArn], {
    StringLike: { 's3:prefix': `${prefix}/*` },
  }),
  // For many versions at once, S3 asks for both.
  allow(['s3:DeleteObject', 's3:DeleteObjectVersion'], [bucket.arnForObjects(`${prefix}/*`)]),
];

/** Sees what lies below `prefix`, and reads none of it. */
export const list = (bucket: IBucket, prefix: string) =>
  allow(['s3:ListBucket'], [bucket.bucketArn], { StringLike: { 's3:prefix': `${prefix}/*` } });

/** Finds what lies around below `prefix`, and deletes it. */
export const tidyUp = (bucket: IBucket, prefix: string) => [
  list(bucket, prefix),
  allow(['s3:DeleteObject'], [bucket.arnForObjects(`${prefix}/*`)]),
];

/** Mails of the stage's own sender, to anybody. */
export const sendMail = (stack: Stack, stage: Stage) =>
  asSeenBy(
    stage,
    allow(
      ['ses:SendEmail'],
      [stack.formatArn({ service: 'ses', resource: 'identity', resourceName: stage.domain })],
      { StringEquals: { 'ses:FromAddress': stage.mailFrom } },
    ),
  );

/**
 * The local engine decides some actions without looking at the resource or its tags, so it would
 * refuse what AWS allows. There, and only there, the statement is about every resource.
 */
export const asSeenBy = (stage: Stage, statement: PolicyStatement) =>
  stage.name === 'local' ? allow(statement.actions, ['*']) : statement;
