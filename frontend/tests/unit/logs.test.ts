import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/api/client.ts';
import { OFFLINE, type Problem } from '../../src/api/problem.ts';
import { AMOUNTS, logsName, mayHavePrinted, untilRead } from '../../src/model/logs.ts';

const NOTHING_RUNS: Problem = {
  ...OFFLINE,
  kind: 'conflict',
  status: 409,
  message: 'Nothing runs.',
};

/** Answers one after the other, the last one for ever; and how long was waited in between. */
async function read(...answers: Outcome<string | null>[]) {
  const pauses: number[] = [];
  let asked = 0;
  const look = async () => answers[Math.min(asked++, answers.length - 1)] ?? { data: null };
  const outcome = await untilRead(look, async (ms) => void pauses.push(ms));
  return { outcome, asked, waitedMs: pauses.reduce((sum, it) => sum + it, 0) };
}

describe('waiting for logs', () => {
  test('ends with the first text, also an empty one', async () => {
    expect(await read({ data: null }, { data: null }, { data: 'a\n' })).toMatchObject({
      outcome: { data: 'a\n' },
      asked: 3,
    });
    expect((await read({ data: '' })).outcome).toEqual({ data: '' });
  });

  test('ends with what the API says no to', async () => {
    const { outcome, asked } = await read({ data: null }, { problem: NOTHING_RUNS });
    expect(outcome).toEqual({ problem: NOTHING_RUNS });
    expect(asked).toBe(2);
  });

  test('goes on when nobody could say no', async () => {
    const away = { problem: { ...OFFLINE, status: 503 } };
    const { outcome, asked } = await read({ problem: OFFLINE }, away, { data: 'a' });
    expect(outcome).toEqual({ data: 'a' });
    expect(asked).toBe(3);
  });

  test('does not go on for ever', async () => {
    for (const answer of [{ data: null }, { problem: OFFLINE }]) {
      const { outcome, waitedMs } = await read(answer);
      expect(outcome.problem?.kind).toBe('late');
      expect(waitedMs).toBeLessThan(240_000);
    }
  });
});

test('there may be logs wherever a container may be', () => {
  expect(mayHavePrinted('error')).toBe(true);
  expect(mayHavePrinted('running')).toBe(true);
  expect(mayHavePrinted('pending_payment')).toBe(false);
  expect(mayHavePrinted('suspended')).toBe(false);
});

test('a file is called after its project and the minute', () => {
  const at = new Date('2026-11-21T12:03:59Z');
  expect(logsName('mybot', at)).toBe('mybot-2026-11-21-1203.log');
});

test('amounts read as people write them', () => {
  expect(AMOUNTS.map((it) => it.text).at(-1)).toBe('Last 5,000 lines');
});
