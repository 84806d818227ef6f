/** What the API says when it refuses (RFC 9457), and what we say to the customer about it. */

export interface Problem {
  /** The last part of the type: `not-owner`, `invalid`. `offline` and `odd` are our own. */
  kind: string;
  /** 0 when there was no answer. */
  status: number;
  /** A whole sentence, for people. */
  message: string;
  /** Sentences by field. */
  fields: Record<string, string>;
  retryAfterS: number | null;
}

const PREFIX = 'urn:1mins:problem:';

/** Better said to a customer than the API's own words, which are written for programmers. */
const PLAIN: Record<string, string> = {
  'not-signed-in': 'Your session has ended. Sign in again.',
  'not-owner': 'Only an owner of the workspace can do this.',
  'wrong-credentials':
    'The address and the password do not fit together, or the address is not confirmed yet.',
  'owner-needed': 'Only an owner of the workspace can do this.',
  'not-a-member':
    'You are no longer a member of this workspace. Switch to another one in the menu at the top right.',
  'wrong-origin': 'This page was not opened at its own address. Open 1mins.in and try again.',
  'provider-unavailable':
    'The provider does not answer right now. Try again in a moment, or store the key without asking.',
  'not-found': 'This does not exist, or it belongs to another workspace.',
  'last-owner': 'A workspace needs an owner. Make somebody else an owner first.',
  busy: 'This is being done right now. Try again in a moment.',
  unavailable: 'Something that this needs does not answer right now. Try again in a moment.',
  internal: 'Something went wrong on our side. It has been noted. Try again in a moment.',
};

export const OFFLINE: Problem = {
  kind: 'offline',
  status: 0,
  message: 'We could not reach 1mins.in. Check your connection and try again.',
  fields: {},
  retryAfterS: null,
};

/** Nobody could say no: what was asked for may have been done all the same. */
export function isUnanswered({ status }: Pick<Problem, 'status'>): boolean {
  return status === 0 || status >= 500;
}

/** Makes a sentence of what the API says: `must be a string` becomes `Must be a string.` */
export function sentence(text: string): string {
  // What the API calls a tenant is a workspace to its people.
  const plain = text
    .trim()
    .replaceAll('`', '')
    .replace(/\btenant\b/g, 'workspace');
  if (plain === '') return '';
  const whole = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** What a refusal means. Whatever comes in, a problem comes out. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): Problem {
  const document = isRecord(body) ? body : {};
  const type = typeof document.type === 'string' ? document.type : '';
  const kind = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : 'odd';
  const retryAfterS = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  const fields = fieldsOf(document.errors);
  const detail = typeof document.detail === 'string' ? sentence(document.detail) : '';
  return {
    kind,
    status,
    message: messageOf(kind, status, detail, retryAfterS),
    fields,
    retryAfterS,
  };
}

function messageOf(kind: string, status: number, detail: string, waitS: number | null): string {
  if (kind === 'too-many-tries') return `Too many tries. ${waitText(waitS)}`;
  if (kind === 'invalid') return 'Something in the form is not right yet.';
  const plain = PLAIN[kind] ?? detail;
  if (plain !== '') return plain;
  return status >= 500
    ? (PLAIN.internal ?? '')
    : 'The request was refused. Reload the page and try again.';
}

function waitText(waitS: number | null): string {
  if (waitS === null || waitS < 5) return 'Wait a moment and try again.';
  if (waitS < 90) return `Try again in ${waitS} seconds.`;
  return `Try again in ${Math.ceil(waitS / 60)} minutes.`;
}

function fieldsOf(errors: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const error of Array.isArray(errors) ? errors : []) {
    if (!isRecord(error)) continue;
    const { field, message } = error;
    if (typeof field === 'string' && typeof message === 'string') {
      fields[field] ??= sentence(message);
    }
  }
  return fields;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
