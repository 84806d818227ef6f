import { expect, test } from 'vitest';
import type { Usage } from '../../src/api/types.ts';
import { byDay, byModel, capOf, countText, limitLines, moneyText } from '../../src/model/usage.ts';

const NONE: Usage = {
  month: '2026-11',
  ends_at: '2026-12-01T00:00:00Z',
  spent_micros: 0,
  platform_spent_micros: 0,
  platform_included_micros: 10_000_000,
  cap_cents: null,
  days: [],
};

const day = (over: Partial<Usage['days'][number]>): Usage['days'][number] => ({
  day: '2026-11-21',
  provider: 'anthropic',
  model: 'm',
  calls: 1,
  estimated_calls: 0,
  input_tokens: 10,
  cached_tokens: 3,
  cache_written_tokens: 2,
  output_tokens: 5,
  spent_micros: 100,
  ...over,
});

test('money and tokens are said as people say them', () => {
  const money: [number, string][] = [
    [0, '$0.00'],
    [1, 'less than $0.01'],
    [9_999, 'less than $0.01'],
    [10_000, '$0.01'],
    [12_345_678, '$12.35'],
  ];
  for (const [micros, text] of money) expect(moneyText(micros)).toBe(text);
  expect(countText(999)).toBe('999');
  expect(countText(12_300)).toBe('12.3 thousand');
  expect(countText(4_500_000)).toBe('4.5 million');
});

test('calls are added up by model and by day', () => {
  const days = [
    day({}),
    day({ day: '2026-11-22', estimated_calls: 1, spent_micros: 50 }),
    day({ provider: 'platform', model: 'auto', spent_micros: 500 }),
  ];
  expect(byModel(days)).toEqual([
    { name: 'Chosen by us', calls: 1, tokens: 20, micros: 500, estimated: false },
    { name: 'anthropic/m', calls: 2, tokens: 40, micros: 150, estimated: true },
  ]);
  expect(byDay(days)).toEqual([
    { day: '2026-11-22', micros: 50, calls: 1 },
    { day: '2026-11-21', micros: 600, calls: 2 },
  ]);
  expect(byModel([])).toEqual([]);
});

test('a limit is spoken of when it is near, and otherwise when it is reached', () => {
  const said = (over: Partial<Usage>) => limitLines({ ...NONE, ...over }).join(' | ');
  expect(said({})).toBe('');
  expect(said({ spent_micros: 7_900_000, cap_cents: 1_000 })).toBe('');
  expect(said({ spent_micros: 8_000_000, cap_cents: 1_000 })).toMatch(/80 % of its spend cap/);
  expect(said({ spent_micros: 10_000_000, cap_cents: 1_000 })).toMatch(/used up its spend cap/);
  expect(said({ cap_cents: 0 })).toMatch(/used up its spend cap/);
  const both = said({
    spent_micros: 10_000_000,
    platform_spent_micros: 10_000_000,
    cap_cents: 1_000,
  });
  expect(both).toMatch(/cap.* \| .*our model/);
});

test('a cap is an amount of dollars and cents', () => {
  const good: [string, number][] = [
    ['20', 2_000],
    [' $12.50 ', 1_250],
    ['0', 0],
    ['0.1', 10],
    ['19.99', 1_999],
  ];
  for (const [text, cents] of good) expect(capOf(text), text).toEqual({ cents });
  for (const text of ['', '-1', '1,50', '1.234', 'ten', '9999999', '1e3']) {
    expect(capOf(text), text).toHaveProperty('fault');
  }
});
