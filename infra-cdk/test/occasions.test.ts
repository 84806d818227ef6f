/** What runs by itself: how often, who repeats it, and who notices when it does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { functionRows } from '../lib/functions.js';
import { buildApp, resourcesOf, STAGE_NAMES } from './product.js';

const rules = (stage: string) =>
  resourcesOf(buildApp(stage), 'AWS::Events::Rule').map(([, it]) => it.Properties);
const loops = functionRows.filter(([, row]) => row.every);
const told = functionRows.filter(([, row]) => row.on);

test('the loops are those that keep the fleet and the books', () => {
  const names = [
    'billing-watch',
    'warm-pool',
    'worker-watch',
    'instance-watch',
    'sleep-watch',
    'backup',
    'reaper',
  ];
  expect(loops.map(([name]) => name)).toEqual(names);
});

describe.each(STAGE_NAMES)('%s', (stage) => {
  test.each(loops)('%s is run by a clock, which repeats nothing', (name, row) => {
    const rule = rules(stage).find((it) => it.Name === `1mins-${stage}-${name}-clock`);
    const minutes = row.every?.toMinutes();
    expect(rule?.ScheduleExpression).toBe(`rate(${minutes} minute${minutes === 1 ? '' : 's'})`);
    expect(rule?.Targets).toMatchObject([
      { Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } },
    ]);
  });

  test('the books are compared once a night, and not at the full hour', () => {
    const nights = rules(stage).filter((it) => it.Name.endsWith('-night'));
    expect(nights).toMatchObject([
      {
        Name: `1mins-${stage}-billing-watch-night`,
        ScheduleExpression: 'cron(17 3 * * ? *)',
        Targets: [{ Input: '{"task":"reconcile"}' }],
      },
    ]);
  });

  test.each(told)('%s is told of events until it has them, or a person has', (name, row) => {
    const events = rules(stage).filter((it) => it.Name.startsWith(`1mins-${stage}-${name}-event`));
    expect(events).toHaveLength(row.on?.length ?? 0);
    for (const { Targets, EventPattern } of events) {
      expect(EventPattern.source).toEqual(['aws.ec2']);
      expect(Targets[0].RetryPolicy.MaximumRetryAttempts).toBeGreaterThan(0);
      expect(Targets[0].DeadLetterConfig.Arn['Fn::GetAtt'][0]).toContain('DeadLetters');
    }
  });

  test('a loop that is told of nothing is not run again by Lambda', () => {
    const configs = resourcesOf(buildApp(stage), 'AWS::Lambda::EventInvokeConfig');
    const retries = configs.map(([id, it]) => [
      /BillingWatch|WarmPool|Reaper|WorkerWatch|InstanceWatch|SleepWatch|Backup/.exec(id)?.[0],
      it.Properties.MaximumRetryAttempts,
    ]);
    expect(Object.fromEntries(retries)).toEqual({
      BillingWatch: 0,
      WarmPool: 0,
      Backup: 0,
      Reaper: 0,
      InstanceWatch: 0,
      SleepWatch: 0,
      WorkerWatch: 2,
    });
  });

  test('a loop that stands still for a quarter of an hour, or three runs, is noticed where somebody pays', () => {
    const alarms = resourcesOf(buildApp(stage), 'AWS::CloudWatch::Alarm').map(
      ([, it]) => it.Properties,
    );
    const found = alarms.filter((it) => it.AlarmName.endsWith('-stands-still'));
    expect(found).toHaveLength(stage === 'local' ? 0 : loops.length);
    for (const it of found) {
      expect(it).toMatchObject({
        ComparisonOperator: 'LessThanThreshold',
        EvaluationPeriods: it.AlarmName.includes('-backup-') ? 9 : 3,
        Threshold: 1,
        TreatMissingData: 'breaching',
      });
      const [counted] = it.Metrics.filter((metric: { MetricStat?: object }) => metric.MetricStat);
      expect(counted.MetricStat.Period).toBe(300);
    }
  });
});

describe('what a function says that must wake somebody', () => {
  const calls = functionRows.flatMap(([name, row]) =>
    (row.wakes ?? []).map((call): [string, string, string] => [call.says, name, call.name]),
  );
  const filters = resourcesOf(buildApp('prod'), 'AWS::Logs::MetricFilter').map(
    ([, it]) => it.Properties,
  );
  const alarms = resourcesOf(buildApp('prod'), 'AWS::CloudWatch::Alarm').map(
    ([, it]) => it.Properties,
  );

  test.each(calls)('"%s" is what %s says', (says, function_) => {
    const folder = `../functions/${function_}/src`;
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => file.endsWith('.rs'));
    const said = sources.filter((it) =>
      readFileSync(`${folder}/${it}`, 'utf8').includes(`"${says}"`),
    );
    expect(said).not.toEqual([]);
  });

  test.each(calls)('"%s" of %s goes off', (says, _, name) => {
    const filter = filters.find((it) => it.FilterPattern === `"${says}"`);
    const metric = filter?.MetricTransformations[0].MetricName;
    const alarm = alarms.find((it) => it.AlarmName === `1mins-prod-${name}`);
    expect(metric).toBeDefined();
    expect(alarm?.MetricName).toBe(metric);
  });
});
