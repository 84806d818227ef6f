/**
 * The API as a program calls it, with nothing done by itself: no cookie is kept, no redirect followed.
 * Names lead to the edge whatever this machine resolves, and its certificate is checked.
 */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { environment } from './environment.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What was sent as JSON, or else the text. */
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of an answer
  readonly body: any;
}

export interface Call {
  readonly token?: string;
  readonly cookie?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const TIMEOUT_MS = 40_000;

export function call(method: string, path: string, how: Call = {}): Promise<Answer> {
  const { appUrl, caFile } = environment();
  const text = how.body === undefined ? undefined : JSON.stringify(how.body);
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, appUrl),
      {
        method,
        headers: headersOf(how, text),
        ca: readFileSync(caFile),
        lookup: toTheEdge,
        localAddress: someAddress(),
        agent: false,
        timeout: TIMEOUT_MS,
      },
      (response) => read(response).then(resolve, reject),
    );
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} is not answered`)));
    sent.on('error', reject);
    sent.end(text);
  });
}

/** [`call`], which must be answered with `status`. */
export async function insist(status: number, method: string, path: string, how: Call = {}) {
  const answer = await call(method, path, how);
  if (answer.status !== status) {
    const said = JSON.stringify(answer.body).slice(0, 400);
    throw new Error(`${method} ${path} answers ${answer.status} instead of ${status}: ${said}`);
  }
  return answer;
}

/** The refresh cookie that an answer sets: `''` if it clears it, `undefined` if it leaves it alone. */
export function refreshCookie(answer: Answer): string | undefined {
  const prefix = '__Host-refresh=';
  const set = answer.headers['set-cookie']?.find((it) => it.startsWith(prefix));
  return set?.slice(prefix.length).split(';')[0];
}

function headersOf({ token, cookie, headers }: Call, text: string | undefined) {
  return {
    // What a browser sends by itself on the site, and another site's page cannot.
    Origin: environment().appUrl,
    ...(text === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    ...(cookie ? { Cookie: `__Host-refresh=${cookie}` } : {}),
    ...headers,
  };
}

/**
 * On one machine everybody comes from the same address, and what one address may try is limited. Each
 * call comes from another one, as those of so many customers would.
 */
function someAddress(): string | undefined {
  const part = () => 1 + Math.floor(Math.random() * 250);
  const onThisMachine = environment().edgeAddress.startsWith('127.');
  return onThisMachine ? `127.${part()}.${part()}.${part()}` : undefined;
}

const toTheEdge: LookupFunction = (_name, options, found) => {
  const { edgeAddress } = environment();
  if (options.all) found(null, [{ address: edgeAddress, family: 4 }]);
  else found(null, edgeAddress, 4);
};

async function read(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  const isJson = /\bjson\b/.test(response.headers['content-type'] ?? '');
  const body = isJson && text ? JSON.parse(text) : text;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}
