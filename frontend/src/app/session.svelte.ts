/**
 * Who is signed in.
 *
 * The access token lives here, in memory, and nowhere else. What outlives a reload is the refresh
 * cookie, which no script can read. Each use of it is worth one rotation, and a rotation that is
 * repeated late ends the session: so the tabs of one browser take turns, and the one that got a new
 * token tells the others.
 */
import { problemOf } from '../api/problem.ts';
import type { Me, SignedIn, Tenant } from '../api/types.ts';

/** Before the token ends, so that no request is under way with one that just did. */
const EARLY_MS = 60_000;
const RETRY_MS = 15_000;
/** Only a hint that asking for a session is worth a request. It is no secret and opens nothing. */
const HINT = '1mins.signed-in';

type News = { kind: 'signed-in'; view: SignedIn; expiresAt: number } | { kind: 'signed-out' };

interface Token {
  text: string;
  expiresAt: number;
  tenantId: string;
}

/** `unreachable`: nobody could be asked, so nothing is known. */
type State = 'unknown' | 'unreachable' | 'signed-in' | 'signed-out';

let token: Token | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let pending: Promise<boolean> | null = null;
const tabs = new BroadcastChannel('1mins.session');

class Session {
  state: State = $state('unknown');
  me: Me | null = $state(null);
  /** Counts up when everything on the page has to be read again: another tenant, another user. */
  epoch: number = $state(0);
  /** Set when the session ended by itself, so that the sign-in page can say so. */
  ended: boolean = $state(false);

  get tenant(): Tenant | null {
    return this.me?.tenants.find((it) => it.id === this.me?.tenant_id) ?? null;
  }

  get isOwner(): boolean {
    return this.tenant?.role === 'owner';
  }
}

export const session = new Session();

/** Whether it is worth asking for a session on a page that does without one. */
export function maybeSignedIn(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return false;
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(HINT, '1');
    else localStorage.removeItem(HINT);
  } catch {
    // A browser that keeps nothing asks once more than it had to.
  }
}

/** A new session, or a new token of it. */
export async function adopt(view: SignedIn): Promise<void> {
  const expiresAt = Date.now() + view.expires_in_s * 1000;
  take(view, expiresAt);
  tabs.postMessage({ kind: 'signed-in', view, expiresAt } satisfies News);
  await learnWho();
}

function take(view: SignedIn, expiresAt: number): void {
  const moved = token !== null && token.tenantId !== view.tenant_id;
  token = { text: view.access_token, expiresAt, tenantId: view.tenant_id };
  session.state = 'signed-in';
  session.ended = false;
  remember(true);
  if (moved) {
    session.epoch += 1;
    void learnWho();
  }
  schedule(Math.max(expiresAt - Date.now() - EARLY_MS, RETRY_MS));
}

function schedule(delayMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), delayMs);
}

/** Reads who one is. Left as it was when that cannot be read: the token is good all the same. */
export async function learnWho(): Promise<void> {
  try {
    const response = await authorized(new Request('/api/me'));
    if (response.ok) session.me = (await response.json()) as Me;
  } catch {
    // Offline. The page says so by itself.
  }
}

/** Forgets the session in this tab and the others. */
export function forget(reason: 'asked' | 'ended'): void {
  drop(reason === 'ended');
  tabs.postMessage({ kind: 'signed-out' } satisfies News);
}

function drop(ended: boolean): void {
  clearTimeout(timer);
  session.ended = ended && session.state === 'signed-in';
  token = null;
  session.me = null;
  session.state = 'signed-out';
  session.epoch += 1;
  remember(false);
}

tabs.onmessage = ({ data }: MessageEvent<News>) => {
  if (data.kind === 'signed-out') {
    if (session.state === 'signed-in') drop(true);
    return;
  }
  const wasOut = token === null;
  take(data.view, data.expiresAt);
  if (wasOut) void learnWho();
};

/** Trades the cookie for a new token. `false`: there is no session, or nobody to ask. */
export function refresh(): Promise<boolean> {
  pending ??= inTurn().finally(() => {
    pending = null;
  });
  return pending;
}

async function inTurn(): Promise<boolean> {
  const before = token?.text;
  return navigator.locks.request('1mins.refresh', async () => {
    // While this tab waited for its turn, another one may have shared what it got.
    await new Promise((done) => setTimeout(done));
    if (token !== null && token.text !== before) return true;
    return trade();
  });
}

async function trade(): Promise<boolean> {
  let response: Response;
  try {
    response = await fetch('/api/session/refresh', {
      method: 'POST',
      headers: { 'X-Requested-With': '1mins' },
    });
  } catch {
    return unanswered();
  }
  if (response.ok) {
    const view = (await response.json()) as SignedIn;
    const known = session.me !== null;
    const expiresAt = Date.now() + view.expires_in_s * 1000;
    take(view, expiresAt);
    tabs.postMessage({ kind: 'signed-in', view, expiresAt } satisfies News);
    // Not waited for: it may need a new token itself, and would wait for this turn to end.
    if (!known) void learnWho();
    return true;
  }
  // Only a refusal ends the session. A server in trouble says nothing about it.
  if (response.status === 401 || response.status === 403) forget('ended');
  else unanswered();
  return false;
}

function unanswered(): false {
  if (token === null) session.state = 'unreachable';
  else schedule(RETRY_MS);
  return false;
}

/** `fetch` with the token; once more with a new one when it turns out to be over. */
export async function authorized(request: Request): Promise<Response> {
  const again = request.clone();
  const first = await fetch(withToken(request));
  if (first.status !== 401 || token === null || (await refuses(first))) return first;
  return (await refresh()) ? fetch(withToken(again)) : first;
}

/** A 401 that is about what was typed, and no reason for a new token. */
async function refuses(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return problemOf(401, body, null).kind === 'wrong-credentials';
}

function withToken(request: Request): Request {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token.text}`);
  return request;
}
