/** Which address shows which page, and to whom. */

/** `guest`: only for who is not signed in. `signed-in`: only for who is. */
export type Access = 'anybody' | 'guest' | 'signed-in';

export interface Route {
  path: string;
  page: PageName;
  access: Access;
}

export type PageName =
  | 'landing'
  | 'sign-in'
  | 'sign-up'
  | 'confirm'
  | 'forgot'
  | 'reset'
  | 'invitation'
  | 'projects'
  | 'new-project'
  | 'project'
  | 'open'
  | 'keys'
  | 'team'
  | 'billing'
  | 'account'
  | 'api'
  | 'not-found';

export const ROUTES: readonly Route[] = [
  { path: '/', page: 'landing', access: 'anybody' },
  { path: '/sign-in', page: 'sign-in', access: 'guest' },
  { path: '/sign-up', page: 'sign-up', access: 'guest' },
  { path: '/confirm', page: 'confirm', access: 'anybody' },
  { path: '/forgot', page: 'forgot', access: 'anybody' },
  { path: '/reset', page: 'reset', access: 'anybody' },
  // Not behind the sign-in by itself: the page keeps the token while somebody signs up first.
  { path: '/invitation', page: 'invitation', access: 'anybody' },
  { path: '/projects', page: 'projects', access: 'signed-in' },
  { path: '/projects/new', page: 'new-project', access: 'signed-in' },
  { path: '/projects/:id', page: 'project', access: 'signed-in' },
  { path: '/open', page: 'open', access: 'signed-in' },
  { path: '/keys', page: 'keys', access: 'signed-in' },
  { path: '/team', page: 'team', access: 'signed-in' },
  { path: '/billing', page: 'billing', access: 'signed-in' },
  { path: '/settings', page: 'account', access: 'signed-in' },
  { path: '/docs/api', page: 'api', access: 'anybody' },
];

const NOT_FOUND: Route = { path: '', page: 'not-found', access: 'anybody' };

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** The page of a path. The first route that fits counts, so `/projects/new` comes before `:id`. */
export function match(pathname: string): Match {
  const parts = split(pathname);
  for (const route of ROUTES) {
    const params = paramsOf(split(route.path), parts);
    if (params) return { route, params };
  }
  return { route: NOT_FOUND, params: {} };
}

function split(path: string): string[] {
  return path.split('/').filter((it) => it !== '');
}

function paramsOf(pattern: string[], parts: string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (expected.startsWith(':')) {
      const text = decoded(part);
      if (text === null) return null;
      params[expected.slice(1)] = text;
    } else if (expected !== part) return null;
  }
  return params;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/**
 * Where to go after the sign-in. Only into this site: an address that leads elsewhere, however it is
 * written, is not followed.
 */
export function safeReturn(wanted: string | null): string {
  const home = '/projects';
  if (!wanted?.startsWith('/')) return home;
  try {
    const base = 'https://1mins.invalid';
    const url = new URL(wanted, base);
    if (url.origin !== base) return home;
    const { access, page } = match(url.pathname).route;
    const leads = access !== 'guest' && page !== 'not-found' && page !== 'landing';
    return leads ? url.pathname + url.search : home;
  } catch {
    return home;
  }
}
