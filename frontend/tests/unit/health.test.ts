import { expect, test } from 'vitest';
import type { Project } from '../../src/api/types.ts';
import { healthLines, isRecovering } from '../../src/model/health.ts';

type Health = NonNullable<Project['health']>;

const NOW = Date.parse('2026-11-21T12:00:00Z');
const WELL: Health = { standing: 'ok', since: null, why: null, short_of: [] };

test('of an agent that is well, or does not run, there is nothing to say', () => {
  for (const health of [null, WELL]) {
    expect(healthLines(health, NOW)).toEqual([]);
    expect(isRecovering(health)).toBe(false);
  }
});

test('one that is unwell says what is wrong, since when, and that somebody is at it', () => {
  const since = '2026-11-21T11:55:00Z';
  const [line, ...more] = healthLines({ ...WELL, standing: 'unwell', why: 'silent', since }, NOW);
  expect(more).toEqual([]);
  expect(line?.tone).toBe('warn');
  expect(line?.text).toMatch(/does not answer\. It began 5 minutes ago\. We are at it/);
});

test.each(['starting', 'restarting'] as const)('one that is %s is back in a moment', (standing) => {
  const health = { ...WELL, standing };
  expect(healthLines(health, NOW)).toEqual([
    { text: expect.stringContaining('started again'), tone: 'info' },
  ]);
  expect(isRecovering(health)).toBe(true);
});

test('what a plan gives too little of is said beside how the agent is', () => {
  const health: Health = { ...WELL, standing: 'restarting', short_of: ['memory', 'storage'] };
  const texts = healthLines(health, NOW).map((it) => it.text);
  expect(texts).toEqual([
    expect.stringContaining('started again'),
    expect.stringContaining('more memory'),
    expect.stringContaining('more than its plan has room for'),
  ]);
});
