/** Answers of an API that is not there, for pictures of the site. */
import { PAST_DUE, PAYMENTS, subscription, UNPAID } from './answers-billing.ts';

/** "Now" in every picture. */
export const NOW = Date.parse('2026-11-21T12:00:00Z');

export interface Reply {
  status?: number;
  body?: unknown;
  /** Instead of a body: the bytes of a file. */
  file?: string;
  headers?: Record<string, string>;
  /** Never answers: what is shown while one waits. */
  silent?: boolean;
  /** The connection breaks. */
  broken?: boolean;
}

/** By method and path: `GET /api/projects`. */
export type Answers = Record<string, Reply>;

export function problem(status: number, kind: string, detail: string, errors?: unknown): Reply {
  const body = { type: `urn:1mins:problem:${kind}`, title: kind, status, detail, errors };
  return { status, body, headers: { 'content-type': 'application/problem+json' } };
}

export const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();
const DAY_S = 86_400;

const SIGNED_IN = {
  access_token: 'a.b.c',
  expires_in_s: 900,
  user_id: 'usr_1',
  tenant_id: 'ten_1',
};

export const TENANTS = [
  { id: 'ten_1', name: 'Ada’s workspace', subdomain: 'ada', role: 'owner' },
  { id: 'ten_2', name: 'Analytical Engines', subdomain: 'engines', role: 'member' },
];

export const ME = {
  user_id: 'usr_1',
  email: 'ada@example.com',
  has_password: true,
  google: false,
  operator: false,
  tenant_id: 'ten_1',
  tenants: TENANTS,
};

export const PLANS = [
  {
    id: 'standard',
    name: 'Standard',
    price_minor: 4900,
    currency: 'USD',
    memory_mib: 1536,
    cpu_millis: 750,
    storage_mib: 10_240,
    sleeps_after_minutes: 15,
  },
  {
    id: 'pro',
    name: 'Pro',
    price_minor: 6500,
    currency: 'USD',
    memory_mib: 3584,
    cpu_millis: 2000,
    storage_mib: 30_720,
    sleeps_after_minutes: null,
  },
  {
    id: 'dedicated',
    name: 'Dedicated',
    price_minor: 12900,
    currency: 'USD',
    memory_mib: 3584,
    cpu_millis: 2000,
    storage_mib: 61_440,
    sleeps_after_minutes: null,
  },
];

/** The same, with Pro at what it costs from now on. */
export const DEARER_PLANS = PLANS.map((it) =>
  it.id === 'pro' ? { ...it, price_minor: 6900 } : it,
);

const step = (name: string, state: string, secondsAgo: number, tookS: number | null) => ({
  name,
  state,
  started_at: at(secondsAgo),
  duration_ms: tookS === null ? null : tookS * 1000,
});

export const STEPS_HALFWAY = [
  step('Begin', 'done', 14.2, 0.3),
  step('HoldingPage', 'done', 13.9, 0.4),
  step('Reserve', 'done', 13.5, 0.2),
  step('AwaitWorker', 'done', 13.3, 0.6),
  step('Launch', 'done', 12.7, 2.1),
  step('CheckHealth', 'running', 10.6, null),
];

export const STEPS_FAILED = [
  step('Begin', 'undone', 74, 0.3),
  step('HoldingPage', 'undone', 73, 0.4),
  step('Reserve', 'undone', 72, 0.2),
  step('AwaitWorker', 'done', 71, 0.6),
  step('Launch', 'failed', 70, 31.2),
];

export const STEPS_DONE = [
  step('Begin', 'done', 3604.2, 0.3),
  step('HoldingPage', 'done', 3603.9, 0.4),
  step('Reserve', 'done', 3603.5, 0.2),
  step('AwaitWorker', 'done', 3603.3, 0.6),
  step('Launch', 'done', 3602.7, 1.1),
  step('CheckHealth', 'done', 3601.6, 1.2),
  step('Publish', 'done', 3600.4, 0.6),
  step('Finish', 'done', 3599.8, 0.2),
  step('Notify', 'done', 3599.6, 0.4),
];

export const project = (state: string, more: { name?: string; [field: string]: unknown } = {}) => ({
  id: 'prj_k3v9q2m7xw',
  name: 'research-helper',
  plan: 'pro',
  state,
  url: `https://${more.name ?? 'research-helper'}-k3v9q2m7xw.1mins.in`,
  reason: null,
  created_at: at(3 * DAY_S),
  steps: [],
  health: null,
  sleeps_after_minutes: 15,
  keep_awake: false,
  ...more,
});

const PROJECTS = [
  project('running'),
  project('provisioning', { id: 'prj_2', name: 'mailbox', plan: 'standard', created_at: at(40) }),
  project('pending_payment', { id: 'prj_3', name: 'travel-planner', created_at: at(7_200) }),
  project('error', {
    id: 'prj_4',
    name: 'home',
    plan: 'dedicated',
    reason: 'Your agent could not be started.',
    created_at: at(40 * DAY_S),
  }),
];

export const KEYS = [
  {
    id: 'key_1',
    provider: 'anthropic',
    label: 'Own account',
    last4: 'x7Qa',
    created_at: at(9 * DAY_S),
    projects: ['prj_k3v9q2m7xw'],
  },
  {
    id: 'key_2',
    provider: 'openrouter',
    label: 'Trial',
    last4: '91fe',
    created_at: at(DAY_S),
    projects: [],
  },
];

export const MODELS = [
  { provider: 'platform', models: [{ id: '1mins/standard', name: 'Included model' }] },
  {
    provider: 'anthropic',
    models: [
      { id: 'claude-sonnet', name: 'Claude Sonnet' },
      { id: 'claude-opus', name: 'Claude Opus' },
    ],
  },
  { provider: 'openai', models: [{ id: 'gpt-large', name: 'GPT Large' }] },
  { provider: 'google', models: [{ id: 'gemini-pro', name: 'Gemini Pro' }] },
  { provider: 'openrouter', models: [{ id: 'auto', name: 'Auto' }] },
];

export const MODEL = {
  provider: 'anthropic',
  model: 'claude-sonnet',
  key_id: 'key_1',
  fallback: null,
  version: 3,
  applied_version: 3,
  applied_at: at(5_400),
  failed: null,
};

export const TELEGRAM = {
  last4: 'Zk9w',
  bot_id: '7123456789',
  version: 1,
  applied_version: 1,
  applied_at: at(DAY_S),
  failed: null,
};

const MEMBERS = [
  { user_id: 'usr_1', email: 'ada@example.com', role: 'owner', you: true },
  { user_id: 'usr_2', email: 'charles.babbage@example.com', role: 'member', you: false },
];

const INVITATIONS = [
  {
    id: 'inv_1',
    email: 'grace@example.com',
    role: 'member',
    created_at: at(DAY_S),
    expires_at: at(-6 * DAY_S),
  },
];

const SESSIONS = [
  {
    id: 'ses_1',
    current: true,
    created_at: at(2 * DAY_S),
    last_used_at: at(20),
    user_agent:
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36',
    ip: '203.0.113.7',
  },
  {
    id: 'ses_2',
    current: false,
    created_at: at(9 * DAY_S),
    last_used_at: at(3 * DAY_S),
    user_agent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
    ip: '2001:db8:4f::12',
  },
];

const ACCESS_TOKENS = [
  {
    id: 'pat_1',
    name: 'Deploy script',
    scope: 'write',
    last_used_at: at(7_200),
    created_at: at(20 * DAY_S),
    expires_at: at(-70 * DAY_S),
    last4: 'p0Qx',
  },
  {
    id: 'pat_2',
    name: 'Status page',
    scope: 'read',
    last_used_at: null,
    created_at: at(DAY_S),
    expires_at: at(-29 * DAY_S),
    last4: 'mm2T',
  },
];

export const AWAY = problem(503, 'unavailable', 'something that this needs is away');
const notFound = problem(404, 'not-found', 'there is nothing here');

const BACKUPS = [
  { id: '1-1795262400', taken_at: '2026-11-21T12:00:00Z', bytes: 4_718_592 },
  { id: '1-1795258800', taken_at: '2026-11-21T11:00:00Z', bytes: 4_613_734 },
];

const USED = {
  model: 'auto',
  calls: 42,
  estimated_calls: 0,
  input_tokens: 310_000,
  cached_tokens: 540_000,
  cache_written_tokens: 0,
  output_tokens: 21_000,
};

const USAGE = {
  month: '2026-11',
  ends_at: '2026-12-01T00:00:00Z',
  spent_micros: 3_150_000,
  platform_spent_micros: 2_100_000,
  platform_included_micros: 10_000_000,
  cap_cents: 2_000,
  days: [
    { ...USED, day: '2026-11-20', provider: 'platform', spent_micros: 1_200_000 },
    { ...USED, day: '2026-11-21', provider: 'platform', spent_micros: 900_000 },
    {
      ...USED,
      day: '2026-11-21',
      provider: 'anthropic',
      model: 'claude-sonnet-4-6',
      spent_micros: 1_050_000,
    },
  ],
};

/** Somebody who has a bit of everything. */
export const SIGNED_IN_ANSWERS: Answers = {
  'POST /api/session/refresh': { body: SIGNED_IN },
  'GET /api/me': { body: ME },
  'GET /api/plans': { body: PLANS },
  'POST /api/intents': { status: 204 },
  'GET /api/projects': { body: PROJECTS },
  'GET /api/projects/prj_k3v9q2m7xw': { body: project('running', { steps: STEPS_DONE }) },
  'GET /api/projects/prj_k3v9q2m7xw/model': { body: MODEL },
  'GET /api/projects/prj_k3v9q2m7xw/telegram': { body: TELEGRAM },
  'GET /api/projects/prj_k3v9q2m7xw/backups': { body: BACKUPS },
  'GET /api/projects/prj_k3v9q2m7xw/usage': { body: USAGE },
  'GET /api/projects/prj_k3v9q2m7xw/subscription': { body: subscription('paid') },
  'GET /api/projects/prj_2/subscription': {
    body: subscription('paid', { plan: 'standard', recurring_minor: 4900 }),
  },
  'GET /api/projects/prj_3/subscription': { body: UNPAID },
  'GET /api/projects/prj_4/subscription': {
    body: { ...PAST_DUE, plan: 'dedicated', recurring_minor: 12900 },
  },
  'GET /api/billing/payments': { body: PAYMENTS },
  'GET /api/keys': { body: KEYS },
  'GET /api/models': { body: MODELS },
  'GET /api/members': { body: MEMBERS },
  'GET /api/invitations': { body: INVITATIONS },
  'GET /api/sessions': { body: SESSIONS },
  'GET /api/access-tokens': { body: ACCESS_TOKENS },
};

export const GUEST_ANSWERS: Answers = {
  'POST /api/session/refresh': problem(401, 'not-signed-in', 'sign in again'),
  'GET /api/plans': { body: PLANS },
};

export function replyTo(answers: Answers, method: string, path: string): Reply {
  return answers[`${method} ${path}`] ?? notFound;
}
