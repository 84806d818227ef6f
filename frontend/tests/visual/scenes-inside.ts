/** The pages behind the sign-in, in the states that a customer may meet. */
import type { Page } from '@playwright/test';
import {
  type Answers,
  AWAY,
  ME,
  MODEL,
  problem,
  project,
  SIGNED_IN_ANSWERS,
  STEPS_FAILED,
  STEPS_HALFWAY,
} from './answers.ts';
import type { Scene } from './scene.ts';

export const PROJECT = '/projects/prj_k3v9q2m7xw';

export const signedIn = (more: Answers = {}): Answers => ({ ...SIGNED_IN_ANSWERS, ...more });
export const shows = (state: string, more: Record<string, unknown> = {}): Answers =>
  signedIn({ [`GET /api${PROJECT}`]: { body: project(state, more) } });
export const asMember: Answers = {
  'GET /api/me': { body: { ...ME, tenant_id: 'ten_2' } },
  'GET /api/members': {
    body: [
      { user_id: 'usr_1', email: 'ada@example.com', role: 'member', you: true },
      { user_id: 'usr_2', email: 'charles.babbage@example.com', role: 'owner', you: false },
    ],
  },
};
const invalid = (field: string, message: string, status = 400) =>
  problem(status, 'invalid', 'the request is not valid', [{ field, message }]);
export const presses = (name: string) => (page: Page) => page.getByRole('button', { name }).click();

const PROJECTS: Scene[] = [
  {
    name: 'projects-loading',
    path: '/projects',
    answers: signedIn({ 'GET /api/projects': { silent: true } }),
  },
  {
    name: 'projects-empty',
    path: '/projects',
    answers: signedIn({ 'GET /api/projects': { body: [] } }),
    awaits: 'No agent yet',
  },
  { name: 'projects', path: '/projects', answers: signedIn(), awaits: 'research-helper' },
  {
    name: 'projects-error',
    path: '/projects',
    answers: signedIn({ 'GET /api/projects': AWAY }),
    awaits: 'could not be loaded',
  },
  {
    name: 'projects-offline',
    path: '/projects',
    answers: signedIn(),
    act: async (page) => {
      await page.getByText('research-helper').first().waitFor();
      await page.context().setOffline(true);
    },
    awaits: 'You are offline',
  },
  {
    name: 'menu',
    path: '/projects',
    answers: signedIn(),
    act: presses('account menu'),
    awaits: 'Switch workspace',
  },
  { name: 'new-project', path: '/projects/new', answers: signedIn(), awaits: 'Standard' },
  {
    name: 'new-project-typing',
    path: '/projects/new?plan=pro',
    answers: signedIn(),
    act: async (page) => page.getByLabel('Name').fill('research-helper'),
    awaits: 'Your agent will answer at',
  },
  {
    name: 'new-project-fault',
    path: '/projects/new',
    answers: signedIn(),
    act: async (page) => {
      await page.getByLabel('Name').fill('My Agent');
      await page.getByRole('button', { name: 'Continue to payment' }).click();
    },
    awaits: 'lower-case letters only',
  },
  {
    name: 'new-project-refused',
    path: '/projects/new',
    answers: signedIn({
      'POST /api/projects': problem(409, 'conflict', 'a tenant has at most 20 projects'),
    }),
    act: async (page) => {
      await page.getByLabel('Name').fill('one-more');
      await page.getByRole('button', { name: 'Continue to payment' }).click();
    },
    awaits: 'at most 20 projects',
  },
  {
    name: 'new-project-no-plans',
    path: '/projects/new',
    answers: signedIn({ 'GET /api/plans': AWAY }),
    awaits: 'could not be loaded',
  },
  {
    name: 'new-project-member',
    path: '/projects/new',
    answers: signedIn(asMember),
    awaits: 'Only an owner',
  },
];

const ONE_PROJECT: Scene[] = [
  {
    name: 'project-loading',
    path: PROJECT,
    answers: signedIn({ [`GET /api${PROJECT}`]: { silent: true } }),
  },
  {
    name: 'project-unpaid',
    path: PROJECT,
    answers: shows('pending_payment'),
    awaits: 'Pay now',
  },
  {
    name: 'project-payment-failed',
    path: `${PROJECT}?subscription_id=sub_1&status=failed&email=ada%40example.com`,
    answers: shows('pending_payment'),
    awaits: 'did not go through',
  },
  {
    name: 'project-payment-confirmed-soon',
    path: `${PROJECT}?subscription_id=sub_1&status=active`,
    answers: shows('pending_payment'),
    awaits: 'being confirmed',
  },
  {
    name: 'project-pending',
    path: PROJECT,
    answers: shows('pending'),
    awaits: 'Your agent is starting',
  },
  {
    name: 'project-progress',
    path: PROJECT,
    answers: shows('provisioning', { steps: STEPS_HALFWAY }),
    awaits: 'Your agent is starting',
  },
  {
    name: 'project-failed',
    path: PROJECT,
    answers: shows('error', { steps: STEPS_FAILED, reason: 'Your agent could not be started.' }),
    awaits: 'Your agent could not be started.',
  },
  {
    name: 'project-deleted',
    path: PROJECT,
    answers: shows('deleted'),
    awaits: 'Your agent is deleted',
  },
  { name: 'project', path: PROJECT, answers: signedIn(), awaits: 'Connected' },
  {
    name: 'project-fresh',
    path: `${PROJECT}?chat=expired`,
    answers: signedIn({
      [`GET /api${PROJECT}/telegram`]: {
        body: { last4: null, bot_id: null, version: 0, applied_version: 0 },
      },
      [`GET /api${PROJECT}/model`]: {
        body: { ...MODEL, provider: 'platform', model: '1mins/standard', key_id: null },
      },
    }),
    awaits: 'BotFather',
  },
  {
    name: 'project-applying',
    path: PROJECT,
    answers: signedIn({
      [`GET /api${PROJECT}/model`]: {
        body: {
          ...MODEL,
          version: 4,
          fallback: { provider: 'platform', model: '1mins/standard', key_id: null },
        },
      },
      [`GET /api${PROJECT}/telegram`]: {
        body: {
          last4: 'Zk9w',
          bot_id: '7123456789',
          version: 2,
          applied_version: 1,
          failed: 'Telegram does not accept this token.',
        },
      },
    }),
    awaits: 'Being applied',
  },
  {
    name: 'project-token',
    path: PROJECT,
    answers: signedIn({
      [`POST /api${PROJECT}/gateway-token`]: {
        body: { gateway_token: 'c4b1e0f2a97d4d3e8f6a5b0c9d8e7f60a1b2c3d4e5f60718' },
      },
    }),
    act: async (page) => {
      await page.getByText('Connected').waitFor();
      await page.getByText('How it started').click();
      await page.getByText('Advanced').click();
      await page.getByRole('button', { name: 'Show the token' }).click();
    },
    awaits: 'c4b1e0f2',
  },
  {
    name: 'project-missing',
    path: '/projects/prj_none',
    answers: signedIn(),
    awaits: 'There is no such project',
  },
  {
    name: 'project-no-news',
    path: PROJECT,
    answers: signedIn({ [`GET /api${PROJECT}`]: AWAY }),
    awaits: 'could not be loaded',
  },
  {
    name: 'open',
    path: '/open?host=research-helper-k3v9q2m7xw.1mins.in',
    answers: signedIn({ [`POST /api${PROJECT}/chat`]: { silent: true } }),
    awaits: 'Taking you to',
  },
  {
    name: 'open-unknown',
    path: '/open?host=other-1234567890.1mins.in',
    answers: signedIn(),
    awaits: 'not in this workspace',
  },
];

const REST: Scene[] = [
  { name: 'keys', path: '/keys', answers: signedIn(), awaits: 'Own account' },
  {
    name: 'keys-empty',
    path: '/keys',
    answers: signedIn({ 'GET /api/keys': { body: [] } }),
    awaits: 'No key yet',
  },
  {
    name: 'keys-add',
    path: '/keys',
    answers: signedIn({
      'POST /api/keys': invalid('key', 'Anthropic does not accept this key'),
    }),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Second account');
      await dialog.getByLabel('Key', { exact: true }).fill('sk-ant-nonsense');
      await dialog.getByRole('button', { name: 'Store the key' }).click();
    },
    awaits: 'does not accept this key',
  },
  {
    name: 'keys-use',
    path: '/keys',
    answers: signedIn(),
    act: presses('Use Own account'),
    awaits: 'Use the key Own account',
  },
  {
    name: 'keys-delete',
    path: '/keys',
    answers: signedIn({
      'DELETE /api/keys/key_1': problem(409, 'conflict', 'the key is used by `research-helper`'),
    }),
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete Own account' }).click();
      await page.getByRole('button', { name: 'Delete the key' }).click();
    },
    awaits: 'The key is used by',
  },
  { name: 'team', path: '/team', answers: signedIn(), awaits: 'grace@example.com' },
  { name: 'team-member', path: '/team', answers: signedIn(asMember), awaits: 'charles' },
  {
    name: 'team-remove',
    path: '/team',
    answers: signedIn(),
    act: presses('Remove charles'),
    awaits: 'access to all of its projects',
  },
  {
    name: 'team-taken',
    path: '/team',
    answers: signedIn({ 'PATCH /api/tenant': invalid('subdomain', 'is taken', 409) }),
    act: async (page) => {
      await page.getByLabel('Subdomain').fill('engines');
      await page.getByRole('button', { name: 'Save' }).click();
    },
    awaits: 'Is taken.',
  },
  { name: 'account', path: '/settings', answers: signedIn(), awaits: 'Deploy script' },
  {
    name: 'account-google-only',
    path: '/settings',
    answers: signedIn({ 'GET /api/me': { body: { ...ME, has_password: false, google: true } } }),
    awaits: 'Deploy script',
  },
  {
    name: 'account-new-token',
    path: '/settings',
    answers: signedIn({
      'POST /api/access-tokens': {
        status: 201,
        body: { id: 'pat_3', token: '1mins_pat_7Hc2mQpX0aVb4Ty8Wn6Kd1RfGs3Lj5Ze9zQm' },
      },
    }),
    act: async (page) => {
      await page.getByRole('button', { name: 'New token' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Backup');
      await dialog.getByRole('button', { name: 'Make the token' }).click();
    },
    awaits: '1mins_pat_',
  },
  {
    name: 'account-sign-out-everywhere',
    path: '/settings',
    answers: signedIn(),
    act: presses('Sign out everywhere'),
    awaits: 'Every browser has to sign in again',
  },
  {
    name: 'invitation',
    path: '/invitation#token=t',
    answers: signedIn({
      'POST /api/invitations/accept': invalid('token', 'the invitation is for another address'),
    }),
    remembers: true,
    act: presses('Join the workspace'),
    awaits: 'another address',
  },
];

export const INSIDE: Scene[] = [...PROJECTS, ...ONE_PROJECT, ...REST];
