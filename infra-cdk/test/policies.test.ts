/** What must hold in every stack, whoever adds what. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anchor, HEADINGS } from '../lib/constructs/runbook-alarm.js';
import { functionRows } from '../lib/functions.js';
import { buildApp, type Resource, resourcesOf, STAGE_NAMES, stageOf } from './product.js';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

const POLICIES = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role'];

const documentsOf = ({ Properties: it }: Resource) =>
  // biome-ignore lint/suspicious/noExplicitAny: templates have no types
  [it.PolicyDocument, ...(it.Policies ?? []).map((inline: any) => inline.PolicyDocument)];

describe.each(STAGE_NAMES)('%s', (name) => {
  const app = buildApp(name);
  const stage = stageOf(name);

  const statements = POLICIES.flatMap((type) => resourcesOf(app, type)).flatMap(([id, resource]) =>
    documentsOf(resource)
      .flatMap((document): Statement[] => document?.Statement ?? [])
      .map((statement): [string, Statement] => [id, statement]),
  );

  test('functions run where they are cheapest, locally on what the machine is', () => {
    for (const [id, { Properties: it }] of resourcesOf(app, 'AWS::Lambda::Function')) {
      expect(it.Architectures, id).toEqual([name === 'local' ? 'x86_64' : 'arm64']);
    }
  });

  test('every queue ends in a dead-letter queue, and every dead-letter queue in an alarm', () => {
    const queues = resourcesOf(app, 'AWS::SQS::Queue');
    const isLast = ([, it]: [string, Resource]) => /-dead-letters/.test(it.Properties.QueueName);
    for (const [id, { Properties: it }] of queues.filter((queue) => !isLast(queue))) {
      expect(it.RedrivePolicy?.maxReceiveCount, id).toBe(5);
    }
    const alarms = JSON.stringify(resourcesOf(app, 'AWS::CloudWatch::Alarm'));
    for (const [id] of queues.filter(isLast)) {
      expect(alarms, id).toContain(`"Fn::GetAtt":["${id.split('/')[1]}","QueueName"]`);
    }
  });

  test('a message is invisible six times as long as its function may run', () => {
    for (const [function_, row] of functionRows) {
      if (!row.worksOff) continue;
      const queue = `1mins-${name}-${row.worksOff.queue}`;
      const found = resourcesOf(app, 'AWS::SQS::Queue').find(([, { Properties: it }]) =>
        [queue, `${queue}.fifo`].includes(it.QueueName),
      );
      expect(found?.[1].Properties.VisibilityTimeout, function_).toBe(6 * row.timeoutS);
    }
  });

  test('every log forgets', () => {
    for (const [id, { Properties: it }] of resourcesOf(app, 'AWS::Logs::LogGroup')) {
      expect(it.RetentionInDays, id).toBeLessThanOrEqual(90);
    }
  });

  test('no right is given by a wildcard', () => {
    expect(statements.length).toBeGreaterThan(functionRows.length);
    for (const [id, statement] of statements) {
      for (const action of [statement.Action].flat()) expect(action, id).not.toContain('*');
    }
  });

  test('only what knows no resources is allowed on all of them', () => {
    const everywhere = statements
      .filter(([, it]) => [it.Resource].flat().includes('*'))
      .flatMap(([, it]) => it.Action)
      .filter((it) => !/^(logs|xray|ssmmessages|ec2messages):/.test(it));
    const inTheCloud = [
      'ec2:DescribeInstances',
      'ssm:DescribeInstanceInformation',
      'ssm:GetCommandInvocation',
      'ssm:ListAssociations',
      'ssm:ListInstanceAssociations',
      'ssm:UpdateInstanceInformation',
    ];
    // What the local engine decides without looking at the resource.
    const onTheEngine = [
      'ec2:ModifyInstanceAttribute',
      'ec2:StartInstances',
      'ec2:StopInstances',
      'ec2:TerminateInstances',
      'ses:SendEmail',
      'ssm:GetParameters',
      'ssm:SendCommand',
    ];
    // Machines that AWS did not sell are bought by the local stage only.
    const ofNodes = [
      'ssm:AddTagsToResource',
      'ssm:CreateActivation',
      'ssm:DeleteActivation',
      'ssm:DeregisterManagedInstance',
      'ssm:DescribeActivations',
    ];
    const expected = name === 'local' ? [...inTheCloud, ...onTheEngine, ...ofNodes] : inTheCloud;
    expect([...new Set(everywhere)].toSorted()).toEqual(expected.toSorted());
  });

  test('no machine may read the secrets of the platform', () => {
    const managed = resourcesOf(app, 'AWS::IAM::Role').flatMap(
      ([, { Properties: it }]) => it.ManagedPolicyArns ?? [],
    );
    expect(JSON.stringify(managed)).not.toContain('AmazonSSMManagedInstanceCore');
  });

  test('every alarm leads to a heading of the runbook', () => {
    const anchors = Object.values(HEADINGS).map(anchor);
    for (const [id, { Properties: it }] of resourcesOf(app, 'AWS::CloudWatch::Alarm')) {
      const [, link] = /RUNBOOK\.md#([a-z0-9-]+)$/.exec(it.AlarmDescription) ?? [];
      expect(anchors, id).toContain(link);
      expect(it.AlarmActions, id).toHaveLength(1);
    }
  });

  test('a worker hears the edge only, and keeps its credentials from containers', () => {
    const groups = resourcesOf(app, 'AWS::EC2::SecurityGroup');
    const worker = groups.find(([id]) => id.includes('WorkerSecurityGroup'))?.[1].Properties;
    expect(worker.SecurityGroupIngress).toHaveLength(1);
    const { first, count } = stage.instancePorts;
    expect(worker.SecurityGroupIngress[0]).toMatchObject({
      FromPort: first,
      ToPort: first + count - 1,
    });
    expect(worker.SecurityGroupIngress[0]).not.toHaveProperty('CidrIp');
    expect(resourcesOf(app, 'AWS::EC2::SecurityGroupIngress')).toEqual([]);
    const [template] = resourcesOf(app, 'AWS::EC2::LaunchTemplate');
    expect(template?.[1].Properties.LaunchTemplateData.MetadataOptions).toEqual({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  test('a worker is told where to write that it lives, and of an engine only where there is one', () => {
    const [template] = resourcesOf(app, 'AWS::EC2::LaunchTemplate');
    const userData = JSON.stringify(template?.[1].Properties.LaunchTemplateData.UserData);
    const settings = [...userData.matchAll(/\\n(?:export )?([A-Z0-9_]+)=/g)].map(([, it]) => it);
    const engine = name === 'local' ? ['DYNAMODB_URL', 'IMDS_TARGET'] : [];
    expect(settings.toSorted()).toEqual(
      [
        'AGENT_IMAGE',
        'AGENT_IMAGE_S3',
        'AWS_DEFAULT_REGION',
        'HEARTBEAT_TABLE',
        'WORKER_ASSET_S3',
        ...engine,
      ].toSorted(),
    );
  });

  test('the edge lives in the network that workers trust', () => {
    const cidrs = resourcesOf(app, 'AWS::EC2::Subnet')
      .filter(([id]) => id.includes('Networkedge'))
      .map(([, it]) => it.Properties.CidrBlock as string);
    expect(cidrs).toHaveLength(stage.zones.length);
    if (name === 'local') return;
    expect(stage.edgeCidr).toBe('10.40.0.0/24');
    for (const cidr of cidrs) expect(cidr).toMatch(/^10\.40\.0\./);
  });
});

test('the runbook has a heading for every alarm', () => {
  const runbook = '../RUNBOOK.md';
  expect(existsSync(runbook), 'RUNBOOK.md at the root of the repository').toBe(true);
  const lines = readFileSync(runbook, 'utf8').split('\n');
  for (const heading of Object.values(HEADINGS)) expect(lines).toContain(`## ${heading}`);
});
