/** Who may do what: the rights that would hurt most if they were wider. */
import { describe, expect, test } from 'vitest';
import { FUNCTIONS } from '../lib/functions.js';
import { buildApp, resourcesOf } from './product.js';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** What the role called `1mins-{stage}-{role}` is allowed. */
function rightsOf(app: ReturnType<typeof buildApp>, stage: string, role: string): Statement[] {
  const name = `1mins-${stage}-${role}`;
  const found = resourcesOf(app, 'AWS::IAM::Role').find(
    ([, it]) => it.Properties.RoleName === name,
  );
  const id = found?.[0].split('/')[1];
  return resourcesOf(app, 'AWS::IAM::Policy')
    .filter(([, it]) =>
      it.Properties.Roles.some((attached: { Ref: string }) => attached.Ref === id),
    )
    .flatMap(([, it]) => it.Properties.PolicyDocument.Statement);
}

const actionsOf = (it: Statement) => [it.Action].flat();
const doing = (rights: Statement[], prefix: string) =>
  rights.filter((it) => actionsOf(it).some((action) => action.startsWith(prefix)));
const leadingKeys = (it: Statement | undefined) =>
  it?.Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];

/** What is written when a call is counted. */
const METERED = ['USAGE_ACCOUNT#*', 'USAGE_CALL#*', 'USAGE_DAYS#*'];

const prod = buildApp('prod');
const production = (role: string) => rightsOf(prod, 'prod', role);

describe('a worker', () => {
  test('writes its own heartbeat, and reads and writes nothing else in any table', () => {
    const rights = doing(production('worker'), 'dynamodb:');
    expect(rights.flatMap(actionsOf)).toEqual(['dynamodb:PutItem']);
    expect(leadingKeys(rights[0])).toEqual(['HEARTBEAT#${ec2:SourceInstanceARN}']);
    expect(JSON.stringify(rights[0]?.Resource)).toContain('Fleet');
  });

  test('takes commands, fetches its files, and has no other right', () => {
    const services = production('worker')
      .flatMap(actionsOf)
      .map((it) => it.split(':')[0]);
    expect([...new Set(services)].toSorted()).toEqual([
      'dynamodb',
      'ec2messages',
      's3',
      'ssm',
      'ssmmessages',
    ]);
    expect(doing(production('worker'), 's3:').flatMap(actionsOf)).toEqual(['s3:GetObject']);
  });
});

test('what customers bring is sealed by one function and opened where it is used', () => {
  const kinds = (role: string, action: string) =>
    doing(production(role), action).flatMap(
      (it) => it.Condition?.StringEqualsIfExists?.['kms:EncryptionContext:kind'] as string[],
    );
  const opened = {
    provider_key: ['docker-run', 'model-meter'],
    telegram_token: ['docker-run', 'sleep-watch'],
  };
  for (const [kind, opens] of Object.entries(opened)) {
    const who = (action: string) =>
      Object.keys(FUNCTIONS).filter((name) => kinds(name, action).includes(kind));
    expect(who('kms:Encrypt'), kind).toEqual(['api']);
    expect(who('kms:Decrypt'), kind).toEqual(opens);
  }
});

test('the API writes intents into the fleet, and no worker', () => {
  const rights = doing(production('api'), 'dynamodb:').filter((it) =>
    JSON.stringify(it.Resource).includes('Fleet'),
  );
  expect(rights.flatMap(actionsOf)).toEqual(['dynamodb:PutItem']);
  expect(leadingKeys(rights[0])).toEqual(['INTENTS']);
});

test('who meters calls reads projects and keys, writes what was used, and reaches no other table', () => {
  const rights = doing(production('model-meter'), 'dynamodb:');
  const on = (table: string) => rights.filter((it) => JSON.stringify(it.Resource).includes(table));
  expect(on('Projects').flatMap(actionsOf)).toEqual(['dynamodb:GetItem']);
  expect(on('Projects').flatMap(leadingKeys)).toEqual(['prj_*', 'KEYS#*']);
  const written = on('Ledger').filter((it) => actionsOf(it).includes('dynamodb:PutItem'));
  expect(written.flatMap(leadingKeys)).toEqual(METERED);
  const read = on('Ledger').filter((it) => actionsOf(it).includes('dynamodb:GetItem'));
  expect(read.flatMap(leadingKeys)).toEqual(['SPEND_CAP#*', 'USAGE_ACCOUNT#*']);
  expect(rights).toHaveLength(on('Projects').length + on('Ledger').length);
  expect(rights.flatMap(actionsOf).toSorted()).toEqual([
    'dynamodb:GetItem',
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  ]);
});

test('one function answers everybody at an address of its own, as it goes along', () => {
  const urls = resourcesOf(prod, 'AWS::Lambda::Url').map(([, it]) => it.Properties);
  expect(urls).toHaveLength(1);
  expect(urls[0]).toMatchObject({ AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' });
  expect(JSON.stringify(urls[0].TargetFunctionArn)).toContain('ModelMeter');
});

test('instances reach models through the meter where the stage says so', () => {
  const told = (stage: string) =>
    resourcesOf(buildApp(stage), 'AWS::Lambda::Function')
      .map(([, it]) => it.Properties)
      .find((it) => it.FunctionName.endsWith('-docker-run')).Environment.Variables.MODEL_METER_URL;
  expect(JSON.stringify(told('prod'))).toContain('FunctionUrl');
  expect(told('local')).toBe('');
});

test('the API sees prices, subscriptions and usage of the ledger, and writes prices and caps only', () => {
  const rights = doing(production('api'), 'dynamodb:').filter((it) =>
    JSON.stringify(it.Resource).includes('Ledger'),
  );
  const keys = (action: string) =>
    rights.filter((it) => actionsOf(it).includes(action)).flatMap(leadingKeys);
  expect(keys('dynamodb:GetItem')).toEqual([
    'PRICES',
    'SUBSCRIPTION#*',
    'SPEND_CAP#*',
    'USAGE_ACCOUNT#*',
    'USAGE_DAYS#*',
  ]);
  expect(keys('dynamodb:PutItem')).toEqual(['PRICES', 'SPEND_CAP#*']);
  expect(keys('dynamodb:DeleteItem')).toEqual(['SPEND_CAP#*']);
  expect(rights.flatMap(actionsOf).toSorted()).toEqual([
    'dynamodb:DeleteItem',
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:Query',
  ]);
});

describe.each(Object.keys(FUNCTIONS))('%s', (name) => {
  const rights = production(name);

  test('switches and terminates machines of its stage only', () => {
    const onMachines = ['Start', 'Stop', 'Terminate', 'Modify'].map((it) => `ec2:${it}Instance`);
    for (const it of onMachines.flatMap((action) => doing(rights, action))) {
      expect(it.Condition).toEqual({ StringEquals: { 'aws:ResourceTag/1mins:stage': 'prod' } });
    }
  });

  test('starts executions only if it is one of those that begin business acts', () => {
    const starts = doing(rights, 'states:StartExecution').flatMap((it) => [it.Resource].flat());
    const acts = JSON.stringify(starts).match(/stateMachine:1mins-prod-(\w+)/g) ?? [];
    const begun = acts.map((it) => it.split('-').at(-1)).toSorted();
    const expected: Record<string, string[]> = {
      api: ['configure', 'erase', 'halt', 'import', 'logs', 'provision', 'restart'],
      import: ['halt'],
      billing: ['erase', 'halt', 'provision', 'resize'],
      'project-state': ['configure', 'halt', 'provision'],
      'instance-watch': ['halt', 'restart'],
      'sleep-watch': ['halt', 'provision'],
      'warm-pool': ['blank', 'drain', 'grow'],
      drain: ['halt'],
      'worker-watch': ['drain', 'provision'],
      operator: ['drain', 'exec', 'logs'],
    };
    expect(begun).toEqual(expected[name] ?? []);
  });
});

test('machines are bought and started by one function, and stopped by another', () => {
  const who = (action: string) =>
    Object.keys(FUNCTIONS).filter((name) => doing(production(name), action).length > 0);
  expect(who('ec2:RunInstances')).toEqual(['provision']);
  expect(who('ec2:StartInstances')).toEqual(['provision']);
  expect(who('ec2:StopInstances')).toEqual(['drain']);
  expect(who('ec2:TerminateInstances').toSorted()).toEqual([
    'drain',
    'provision',
    'reaper',
    'worker-watch',
  ]);
  expect(who('ec2:CreateFleet')).toEqual([]);
});

test('who buys may look up the image that is bought, and no other parameter', () => {
  const [looking] = doing(production('provision'), 'ssm:GetParameters');
  expect(JSON.stringify(looking?.Resource)).toMatch(
    /ssm:us-east-1::parameter\/aws\/service\/debian\/release\/12\/latest\/amd64"/,
  );
});

test('where spot machines are on offer, they may be bought', () => {
  const rights = rightsOf(buildApp('dev'), 'dev', 'provision');
  expect(doing(rights, 'ec2:CreateFleet')).toHaveLength(1);
  const [asking] = doing(rights, 'iam:CreateServiceLinkedRole');
  expect(JSON.stringify(asking?.Resource)).not.toContain('*');
});

test('the reaper deletes bundles and can read none', () => {
  const rights = doing(production('reaper'), 's3:');
  expect(rights.flatMap(actionsOf).toSorted()).toEqual(['s3:DeleteObject', 's3:ListBucket']);
});

test('backups are stored by three functions, listed for their owners by one and erased with their versions by another, which can read none', () => {
  const onBackups = (name: string) =>
    doing(production(name), 's3:').filter((it) => JSON.stringify(it.Resource).includes('Backups'));
  const rights = Object.keys(FUNCTIONS).map((name) => [name, onBackups(name).flatMap(actionsOf)]);
  expect(rights.filter(([, actions]) => actions?.length)).toEqual([
    ['api', ['s3:ListBucket']],
    ['docker-run', ['s3:GetObject', 's3:PutObject']],
    ['erase', ['s3:ListBucketVersions', 's3:DeleteObject', 's3:DeleteObjectVersion']],
    ['import', ['s3:PutObject']],
    ['backup', ['s3:DeleteObject', 's3:GetObject', 's3:PutObject', 's3:ListBucket']],
  ]);
});

test('what instances have printed is stored by one function, and read by those who are asked for it', () => {
  const onLogs = (name: string) =>
    doing(production(name), 's3:').filter((it) => JSON.stringify(it.Resource).includes('/logs/'));
  const rights = Object.keys(FUNCTIONS).map((name) => [name, onLogs(name).flatMap(actionsOf)]);
  expect(rights.filter(([, actions]) => actions?.length)).toEqual([
    ['api', ['s3:GetObject']],
    ['docker-run', ['s3:PutObject']],
    ['operator', ['s3:GetObject']],
  ]);
});

describe('a stage that buys at Hetzner too', () => {
  const app = buildApp('local');
  const local = (role: string) => rightsOf(app, 'local', role);

  test('has a role for what joins from there, which writes heartbeats of its kind', () => {
    const rights = doing(local('node'), 'dynamodb:');
    expect(rights.flatMap(actionsOf)).toEqual(['dynamodb:PutItem']);
    expect(leadingKeys(rights[0])).toEqual(['HEARTBEAT#mi-*']);
  });

  test('lets one function admit machines, and hand on that role and no other', () => {
    expect(doing(local('provision'), 'ssm:CreateActivation')).toHaveLength(1);
    const passed = doing(local('provision'), 'iam:PassRole').map((it) => JSON.stringify(it));
    expect(passed.filter((it) => it.includes('ssm.amazonaws.com'))).toHaveLength(1);
    for (const name of ['drain', 'worker-watch', 'reaper']) {
      expect(doing(local(name), 'ssm:CreateActivation'), name).toEqual([]);
      expect(doing(local(name), 'ssm:DeregisterManagedInstance'), name).toHaveLength(1);
    }
  });

  test('and any other has nothing of it', () => {
    const plain = buildApp('prod');
    const roles = resourcesOf(plain, 'AWS::IAM::Role').map(([, it]) => it.Properties.RoleName);
    expect(roles).not.toContain('1mins-prod-node');
    expect(JSON.stringify(resourcesOf(plain, 'AWS::IAM::Policy'))).not.toMatch(/Activation/);
  });
});
