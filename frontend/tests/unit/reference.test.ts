import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Description, groupsOf, typeOf } from '../../src/model/reference.ts';

const api = JSON.parse(readFileSync('openapi.json', 'utf8')) as Description;

test('every operation of the description is shown once', () => {
  const shown = groupsOf(api).flatMap((it) => it.operations.map((op) => `${op.method} ${op.path}`));
  const known = Object.entries(api.paths ?? {}).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(shown.toSorted()).toEqual(known.toSorted());
  expect(new Set(shown).size).toBe(shown.length);
});

test('the fields of a body are found behind their name', () => {
  const create = groupsOf(api)
    .flatMap((it) => it.operations)
    .find((it) => it.method === 'POST' && it.path === '/api/projects');
  expect(create?.body.map((it) => it.name)).toEqual(['name', 'plan']);
  expect(create?.body[1]?.type).toBe('"standard" or "pro" or "dedicated"');
  expect(create?.signedIn).toBe(true);
});

test('types are said in words', () => {
  expect(typeOf({ type: 'array', items: { $ref: '#/components/schemas/KeyView' } })).toBe(
    'list of KeyView',
  );
  expect(typeOf({ type: ['string', 'null'], format: 'date-time' })).toBe('time or null');
  expect(typeOf({ oneOf: [{ type: 'null' }, { type: 'string' }] })).toBe('string or null');
});

test('whatever is odd is left out', () => {
  expect(groupsOf({})).toEqual([]);
  expect(groupsOf({ paths: { '/x': { get: {} } } })[0]?.operations[0]?.path).toBe('/x');
});
