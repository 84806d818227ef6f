import { describe, expect, test } from 'vitest';
import { isUnanswered, OFFLINE, problemOf, sentence } from '../../src/api/problem.ts';

const document = (kind: string, more: object = {}) => ({
  type: `urn:1mins:problem:${kind}`,
  title: kind,
  status: 400,
  ...more,
});

describe('problems', () => {
  test('field errors become sentences at their fields, the first one of each', () => {
    const errors = [
      { field: 'name', message: 'must have 1 to 30 characters' },
      { field: 'name', message: 'something else' },
      { field: 'plan', message: 'must be `standard`, `pro` or `dedicated`' },
    ];
    const problem = problemOf(400, document('invalid', { errors }), null);
    expect(problem.fields).toEqual({
      name: 'Must have 1 to 30 characters.',
      plan: 'Must be standard, pro or dedicated.',
    });
  });

  test('a conflict is told in the words of the API', () => {
    const detail = 'a tenant has at most 20 projects';
    const problem = problemOf(409, document('conflict', { detail }), null);
    expect(problem).toMatchObject({
      kind: 'conflict',
      message: 'A workspace has at most 20 projects.',
    });
  });

  test.each([
    ['540', 'Too many tries. Try again in 9 minutes.'],
    ['30', 'Too many tries. Try again in 30 seconds.'],
    ['1', 'Too many tries. Wait a moment and try again.'],
    [null, 'Too many tries. Wait a moment and try again.'],
    ['Sat, 21 Nov 2026 12:00:00 GMT', 'Too many tries. Wait a moment and try again.'],
  ])('too many tries, with %s to wait', (retryAfter, message) => {
    expect(problemOf(429, document('too-many-tries'), retryAfter).message).toBe(message);
  });

  test.each([
    [undefined],
    [null],
    ['<html>'],
    [{ type: 5, errors: 'x' }],
    [{ errors: [null, 1, { field: 1 }] }],
  ])('whatever comes in, a problem comes out: %j', (body) => {
    const problem = problemOf(502, body, null);
    expect(problem.kind).toBe('odd');
    expect(problem.message).toMatch(/wrong on our side/);
    expect(problem.fields).toEqual({});
  });

  test('only a refusal says that nothing was done', () => {
    expect(isUnanswered(OFFLINE)).toBe(true);
    expect(isUnanswered({ status: 503 })).toBe(true);
    expect(isUnanswered({ status: 409 })).toBe(false);
  });

  test('sentences begin and end as such', () => {
    expect(sentence('is required')).toBe('Is required.');
    expect(sentence('Really?')).toBe('Really?');
    expect(sentence('  ')).toBe('');
  });
});
