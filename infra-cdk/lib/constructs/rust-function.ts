/** A Lambda function out of a binary that cargo-lambda has built. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Architecture } from '../offerings.js';
import { ALARM_PERIOD, RunbookAlarm } from './runbook-alarm.js';

export interface RustFunctionProps {
  /** Folder, crate and binary. */
  readonly crate: string;
  readonly name: string;
  readonly memoryMib: number;
  readonly timeoutS: number;
  readonly architecture: Architecture;
  readonly env: Record<string, string>;
  readonly may: readonly PolicyStatement[];
  readonly alarms: ITopic;
}

/** `ONEMINS_FUNCTIONS` with this value makes templates without any compiled function. */
const PLACEHOLDER = 'placeholder';
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** A step that is retried now and then is healthy; this many failures in a period are not. */
const ERRORS_THRESHOLD = 5;

export class RustFunction extends Construct {
  readonly function: lambda.Function;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id);
    this.logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${props.name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.function = new lambda.Function(this, 'Function', {
      functionName: props.name,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      code: lambda.Code.fromAsset(folderOf(props.crate)),
      architecture:
        props.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      memorySize: props.memoryMib,
      timeout: Duration.seconds(props.timeoutS),
      environment: props.env,
      role: this.role(props),
      logGroup: this.logs,
    });
    new RunbookAlarm(this, 'Alarm', {
      name: `${props.name}-errors`,
      metric: this.function.metricErrors({ period: ALARM_PERIOD, statistic: 'Sum' }),
      threshold: ERRORS_THRESHOLD,
      means: `${props.crate} failed at least ${ERRORS_THRESHOLD} times in ${ALARM_PERIOD.toMinutes()} minutes.`,
      heading: 'functionErrors',
      topic: props.alarms,
    });
  }

  /** A role of its own, with the rights of its row and its own log. */
  private role(props: RustFunctionProps): Role {
    const role = new Role(this, 'Role', {
      roleName: props.name,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const log = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logs.logGroupArn],
    });
    for (const statement of [log, ...props.may]) role.addToPolicy(statement);
    return role;
  }
}

function folderOf(crate: string): string {
  const functions = process.env.ONEMINS_FUNCTIONS ?? resolve(REPOSITORY, 'target/lambda');
  if (functions === PLACEHOLDER) return resolve(REPOSITORY, 'infra-cdk/test/placeholder');
  const folder = resolve(functions, crate);
  if (existsSync(resolve(folder, 'bootstrap'))) return folder;
  throw new Error(`${folder}/bootstrap is missing: build it with \`cargo lambda build\``);
}
