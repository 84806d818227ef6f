import { describe, expect, test } from 'vitest';
import { match, safeReturn } from '../../src/app/routes.ts';

describe('pages', () => {
  test.each([
    ['/', 'landing', {}],
    ['/projects', 'projects', {}],
    ['/projects/', 'projects', {}],
    ['/projects/new', 'new-project', {}],
    ['/projects/prj_1', 'project', { id: 'prj_1' }],
    ['/projects/a%20b', 'project', { id: 'a b' }],
    ['/projects/%E0%A4%A', 'not-found', {}],
    ['/projects/prj_1/more', 'not-found', {}],
    ['/nowhere', 'not-found', {}],
  ])('%s', (path, page, params) => {
    const found = match(path);
    expect(found.route.page).toBe(page);
    expect(found.params).toEqual(params);
  });
});

describe('the way back after the sign-in', () => {
  test.each([
    ['/projects/new?plan=pro', '/projects/new?plan=pro'],
    ['/open?host=a.1mins.in', '/open?host=a.1mins.in'],
    ['/invitation', '/invitation'],
    [null, '/projects'],
    ['', '/projects'],
    ['/', '/projects'],
    ['/sign-in', '/projects'],
    ['/nowhere', '/projects'],
    ['https://evil.test/projects', '/projects'],
    ['//evil.test/projects', '/projects'],
    ['/\\evil.test/projects', '/projects'],
    ['/\t/evil.test/projects', '/projects'],
    ['javascript:alert(1)', '/projects'],
  ])('%s', (wanted, path) => {
    expect(safeReturn(wanted)).toBe(path);
  });
});
