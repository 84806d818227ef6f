/** The one door to the control plane: the frontend's calls and the payment provider's webhooks. */
import { CfnOutput, RemovalPolicy, Tags } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  type IHttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Stage } from '../config.js';
import { physicalName } from '../naming.js';
import { ALARM_PERIOD, RunbookAlarm } from './runbook-alarm.js';
import type { RustFunction } from './rust-function.js';

export interface HttpApiProps {
  readonly stage: Stage;
  readonly alarms: ITopic;
  readonly api: RustFunction;
  readonly webhookIntake: RustFunction;
}

/** Of the whole API, not of one caller: a lid on the bill, far above what customers make. */
const THROTTLE = { rateLimit: 100, burstLimit: 200 };
/** A single failure is retried by whoever called; several in a period are a fault of ours. */
const ERRORS_THRESHOLD = 5;

/** Neither headers nor a query: both may hold what opens something. */
const ACCESS_LOG = {
  request_id: '$context.requestId',
  at: '$context.requestTime',
  source_ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  duration_ms: '$context.responseLatency',
  error: '$context.integrationErrorMessage',
};

export function httpApi(scope: Construct, props: HttpApiProps): HttpApi {
  const api = new HttpApi(scope, 'HttpApi', {
    apiName: physicalName(props.stage, 'api'),
    createDefaultStage: false,
  });
  api.addRoutes({
    path: '/api/{proxy+}',
    methods: [HttpMethod.ANY],
    integration: new HttpLambdaIntegration('CallApi', props.api.function),
  });
  api.addRoutes({
    path: '/webhooks/dodo',
    methods: [HttpMethod.POST],
    integration: new HttpLambdaIntegration('CallWebhookIntake', props.webhookIntake.function),
  });
  // The local engine takes the id from here, so that it survives a new deployment.
  if (props.stage.name === 'local') Tags.of(api).add('ms-custom-id', '1minslocal');
  const stage = defaultStage(scope, api, props.stage);
  new RunbookAlarm(scope, 'ApiErrors', {
    name: physicalName(props.stage, 'api-5xx'),
    metric: api.metricServerError({ period: ALARM_PERIOD, statistic: 'Sum' }),
    threshold: ERRORS_THRESHOLD,
    means: `The API answered at least ${ERRORS_THRESHOLD} times with a 5xx.`,
    heading: 'apiErrors',
    topic: props.alarms,
  });
  new CfnOutput(scope, 'ApiId', { value: api.apiId });
  new CfnOutput(scope, 'ApiUrl', { value: stage.url });
  return api;
}

function defaultStage(scope: Construct, httpApi: HttpApi, stage: Stage): IHttpStage {
  const logs = new LogGroup(scope, 'ApiLogs', {
    logGroupName: `/aws/vendedlogs/apigateway/${physicalName(stage, 'api')}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new HttpStage(scope, 'DefaultStage', {
    httpApi,
    stageName: '$default',
    autoDeploy: true,
    throttle: THROTTLE,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    },
  });
}
