import { describe, expect, test } from 'vitest';
import { nextLookMs } from '../../src/model/polling.ts';
import { agoText, dateText, dayText, durationText, momentText } from '../../src/model/time.ts';

describe('durations', () => {
  test.each([
    [-5, '0.0 s'],
    [0, '0.0 s'],
    [1_440, '1.4 s'],
    [9_949, '9.9 s'],
    [9_950, '9 s'],
    [59_999, '59 s'],
    [60_000, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_780_000, '1 h 3 min'],
  ])('%d ms', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe('how long ago', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  const ago = (s: number) => agoText(new Date(now - s * 1000).toISOString(), now);

  test.each([
    [-30, 'just now'],
    [59, 'just now'],
    [60, '1 minute ago'],
    [3_599, '59 minutes ago'],
    [7_200, '2 hours ago'],
    [86_400, '1 day ago'],
    [13 * 86_400, '13 days ago'],
    [14 * 86_400, 'on 7 Nov 2026'],
  ])('%d s', (seconds, text) => {
    expect(ago(seconds)).toBe(text);
  });

  test('what is no time is left out', () => {
    expect(agoText('soon', now)).toBe('');
    expect(dateText('soon')).toBe('');
    expect(dayText('soon', now)).toBe('');
    expect(momentText('soon')).toBe('');
  });
});

test('a moment is told with its hour and minute', () => {
  expect(momentText('2026-11-21T12:34:56Z')).toMatch(/^2[12] Nov 2026, \d\d:\d\d$/);
});

describe('looking again', () => {
  test.each([
    [0, 0, 1_000],
    [60_000, 0, 3_000],
    [300_000, 0, 10_000],
    [0, 1, 2_000],
    [0, 3, 8_000],
    [300_000, 2, 30_000],
    [0, 1_000, 30_000],
  ])('after %d ms and %d failures', (since, failures, wait) => {
    expect(nextLookMs(since, failures)).toBe(wait);
  });
});
