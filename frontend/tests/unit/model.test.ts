import { describe, expect, test } from 'vitest';
import type { Backup, Catalogue, Key, Plan } from '../../src/api/types.ts';
import { backupAsOf, shownBackups, sizeText } from '../../src/model/backup.ts';
import { emailFault, passwordFault } from '../../src/model/credentials.ts';
import { deviceText } from '../../src/model/device.ts';
import { amountText, cpuText, memoryText, priceText, shownPrice } from '../../src/model/plan.ts';
import {
  hostOf,
  isAtRest,
  paymentHint,
  resting,
  sleepText,
  stateLabel,
} from '../../src/model/project.ts';
import { choiceFault, choiceOf, modelOptions } from '../../src/model/provider.ts';
import { RepeatKey } from '../../src/model/repeat.ts';

describe('prices and sizes', () => {
  test.each([
    [4900, 'USD', '$49'],
    [4950, 'USD', '$49.50'],
    [4900, 'EUR', '€49'],
    [5000, 'JPY', '¥5,000'],
  ])('%d %s', (minor, currency, text) => {
    expect(priceText(minor, currency)).toBe(text);
  });

  test('amounts have all of their digits', () => {
    expect(amountText(4900, 'USD')).toBe('$49.00');
    expect(amountText(5000, 'JPY')).toBe('¥5,000');
  });

  test('a plan that is not on sale shows no price', () => {
    const pro = { id: 'pro', name: 'Pro', price_minor: 6500, currency: 'USD' } as Plan;
    expect(shownPrice('pro', [pro])).toEqual({ minor: 6500, currency: 'USD' });
    expect(shownPrice('gone', [pro])).toBeNull();
    expect(shownPrice('pro', null)).toBeNull();
  });

  test('are in units that customers know', () => {
    expect(memoryText(1536)).toBe('1.5 GB');
    expect(cpuText(750)).toBe('0.75 vCPU');
    expect(cpuText(2000)).toBe('2 vCPU');
  });
});

test('sleep is told to whom it concerns', () => {
  const told = (sleeps_after_minutes: number | null, keep_awake: boolean) =>
    sleepText({ sleeps_after_minutes, keep_awake });
  expect(told(null, false)).toBeNull();
  expect(told(15, false)).toMatch(/^After 15 minutes .* falls asleep\./);
  expect(told(15, true)).toMatch(/^You keep it awake/);
});

test('a request keeps its key until its content changes', () => {
  let minted = 0;
  const repeat = new RepeatKey(() => {
    minted += 1;
    return `key-${minted}`;
  });
  expect(repeat.of({ name: 'a' })).toBe('key-1');
  expect(repeat.of({ name: 'a' })).toBe('key-1');
  expect(repeat.of({ name: 'b' })).toBe('key-2');
  expect(repeat.of({ name: 'a' })).toBe('key-3');
});

describe('credentials', () => {
  test.each([
    ['ada@example.com', true],
    ['ada', false],
    ['ada@example', false],
    ['a b@example.com', false],
    [`${'a'.repeat(250)}@example.com`, false],
  ])('%s', (email, good) => {
    expect(emailFault(email) === null).toBe(good);
  });

  test('passwords are measured in bytes, as the API does', () => {
    expect(passwordFault('123456789')).not.toBeNull();
    expect(passwordFault('1234567890')).toBeNull();
    expect(passwordFault('ééééé')).toBeNull();
    expect(passwordFault('é'.repeat(513))).not.toBeNull();
  });
});

describe('projects', () => {
  test('a state that this site does not know is shown by its own name', () => {
    expect(stateLabel('running').text).toBe('Running');
    expect(stateLabel('suspended').text).toBe('Paused');
    expect(stateLabel('being_moved' as 'running').text).toBe('Being moved');
  });

  test('an agent that rests says why, and one that runs does not rest', () => {
    for (const state of ['halting', 'suspended', 'deleting', 'deleted'] as const) {
      expect(resting(state, null)?.title).toMatch(/^Your agent is /);
    }
    for (const state of ['pending_payment', 'provisioning', 'running', 'error'] as const) {
      expect(resting(state, null)).toBeNull();
    }
  });

  test('a page watches what moves by itself, and leaves alone what waits for a person', () => {
    for (const state of ['running', 'stopped', 'error', 'deleted'] as const) {
      expect(isAtRest(state)).toBe(true);
    }
    for (const state of ['pending', 'provisioning', 'halting', 'suspended', 'deleting'] as const) {
      expect(isAtRest(state)).toBe(false);
    }
    expect(stateLabel('stopped')).toEqual({ text: 'Stopped', tone: 'plain' });
    expect(stateLabel('asleep')).toEqual({ text: 'Asleep', tone: 'plain' });
    expect(isAtRest('asleep')).toBe(false);
    expect(resting('stopped', null)).toBeNull();
  });

  test('what pays for it says more of why it rests', () => {
    const plan_change = { plan: 'pro', since: '2026-11-21T12:00:00Z' } as const;
    const moving = { standing: 'paid', plan_change } as const;
    expect(resting('halting', moving)?.title).toMatch(/moving to its new plan/);
    expect(resting('halting', { standing: 'ended' })).toEqual(resting('halting', null));
    expect(resting('suspended', { standing: 'paid' })?.title).toMatch(/coming back/);
    expect(resting('suspended', { standing: 'ended' })).toEqual(resting('suspended', null));
    expect(resting('running', moving)).toBeNull();
  });

  test.each([
    [null, 'none'],
    ['active', 'on-its-way'],
    ['succeeded', 'on-its-way'],
    ['failed', 'not-paid'],
    ['anything else', 'not-paid'],
  ])('the payment provider says %s', (status, hint) => {
    expect(paymentHint(status)).toBe(hint);
  });

  test('hosts have no port', () => {
    expect(hostOf('https://a-b.1mins.test:8443')).toBe('a-b.1mins.test');
    expect(hostOf('nonsense')).toBe('');
  });
});

describe('backups', () => {
  test('a time has the newest one that was there by then', () => {
    const backup = (id: string, taken_at: string): Backup => ({ id, taken_at, bytes: 1 });
    const all = [
      backup('1-2', '2026-11-21T11:00:00Z'),
      backup('1-3', '2026-11-21T12:00:00Z'),
      backup('1-1', '2026-11-21T10:00:00Z'),
    ];
    const found = (time: string) => backupAsOf(all, time)?.id ?? null;
    expect(found('2026-11-21T11:59:59Z')).toBe('1-2');
    expect(found('2026-11-21T12:00:00Z')).toBe('1-3');
    expect(found('2026-11-21T09:59:59Z')).toBeNull();
    expect(backupAsOf([], '2026-11-21T12:00:00Z')).toBeNull();
  });

  test.each([
    [1, '1 KB'],
    [20_480, '20 KB'],
    [3_565_158, '3.4 MB'],
  ])('%d bytes', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  test('the newest are shown, and all of them to who asks', () => {
    const backup = (number: number): Backup => ({ id: `1-${number}`, taken_at: '', bytes: 1 });
    const backups = Array.from({ length: 7 }, (_, number) => backup(number));
    expect(shownBackups(backups, false).map((it) => it.id)).toEqual([
      '1-0',
      '1-1',
      '1-2',
      '1-3',
      '1-4',
    ]);
    expect(shownBackups(backups, true)).toEqual(backups);
    expect(shownBackups([], false)).toEqual([]);
  });
});

describe('models', () => {
  const catalogue: Catalogue = [
    { provider: 'platform', models: [{ id: 'own', name: 'Own' }] },
    { provider: 'openai', models: [{ id: 'large', name: 'Large' }] },
  ];
  const key: Key = {
    id: 'key_1',
    provider: 'openai',
    label: 'Mine',
    last4: 'abcd',
    created_at: '2026-11-21T12:00:00Z',
    projects: [],
  };

  test('a model that the catalogue lost can still be seen', () => {
    const options = modelOptions(catalogue, 'openai', 'older');
    expect(options.map((it) => it.value)).toEqual(['large', 'older']);
  });

  test('a choice of an own provider needs a key', () => {
    expect(choiceFault(choiceOf('openai', catalogue, [key]))).toBeNull();
    expect(choiceFault(choiceOf('openai', catalogue, []))).toBe('Add a key of OpenAI first.');
    expect(choiceFault(choiceOf('platform', catalogue, []))).toBeNull();
    expect(choiceFault(choiceOf('google', catalogue, []))).toBe('Choose a model.');
  });
});

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/146.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/146.0 Safari/537.36 Edg/146.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Safari/604.1',
    'Safari on iPhone',
  ],
  ['curl/8.9.1', 'curl'],
  ['a-robot/1.0', 'a-robot/1.0'],
  ['', 'Unknown device'],
  [null, 'Unknown device'],
])('the browser %s', (userAgent, text) => {
  expect(deviceText(userAgent)).toBe(text);
});
