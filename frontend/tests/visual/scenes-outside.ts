/** The pages that anybody can see, in the states that a visitor may meet. */
import { readFileSync } from 'node:fs';
import { type Answers, AWAY, GUEST_ANSWERS, problem } from './answers.ts';
import type { Scene } from './scene.ts';

const openapi: unknown = JSON.parse(readFileSync('openapi.json', 'utf8'));

const guest = (more: Answers = {}): Answers => ({ ...GUEST_ANSWERS, ...more });

export const OUTSIDE: Scene[] = [
  { name: 'landing', path: '/', answers: guest(), awaits: 'Standard' },
  {
    name: 'landing-loading',
    path: '/',
    answers: guest({ 'GET /api/plans': { silent: true } }),
  },
  {
    name: 'landing-no-prices',
    path: '/',
    answers: guest({ 'GET /api/plans': AWAY }),
    awaits: 'The prices cannot be shown right now',
  },
  { name: 'sign-in', path: '/sign-in', answers: guest() },
  { name: 'sign-in-google-link', path: '/sign-in?google=link_needed', answers: guest() },
  {
    name: 'sign-in-wrong',
    path: '/sign-in',
    answers: guest({
      'POST /api/sign-in': problem(401, 'wrong-credentials', 'wrong address or password'),
    }),
    act: async (page) => {
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByLabel('Password', { exact: true }).fill('not it at all');
      await page.getByRole('button', { name: 'Sign in' }).click();
    },
    awaits: 'do not fit together',
  },
  {
    name: 'sign-in-too-many',
    path: '/sign-in',
    answers: guest({
      'POST /api/sign-in': {
        ...problem(429, 'too-many-tries', 'too many tries'),
        headers: { 'retry-after': '540' },
      },
    }),
    act: async (page) => {
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByLabel('Password', { exact: true }).fill('not it at all');
      await page.getByRole('button', { name: 'Sign in' }).click();
    },
    awaits: 'Try again in 9 minutes',
  },
  { name: 'sign-up', path: '/sign-up', answers: guest() },
  {
    name: 'sign-up-faults',
    path: '/sign-up',
    answers: guest(),
    act: async (page) => {
      await page.getByLabel('E-mail address').fill('ada');
      await page.getByLabel('Password', { exact: true }).fill('short');
      await page.getByRole('button', { name: 'Create account' }).click();
    },
    awaits: 'Use at least 10 characters',
  },
  {
    name: 'sign-up-sent',
    path: '/sign-up',
    answers: guest({ 'POST /api/sign-up': { status: 202 } }),
    act: async (page) => {
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByLabel('Password', { exact: true }).fill('four words in a row');
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByRole('button', { name: 'Send again' }).click();
    },
    awaits: 'Sent again',
  },
  {
    name: 'confirm-open',
    path: '/confirm#token=t',
    answers: guest({ 'POST /api/confirm': { body: { confirmed: true } } }),
    awaits: 'Your account is open',
  },
  {
    name: 'confirm-spent',
    path: '/confirm#token=t',
    answers: guest({
      'POST /api/confirm': problem(400, 'invalid', 'invalid', [
        { field: 'token', message: 'the token is unknown' },
      ]),
    }),
    awaits: 'does not work any more',
  },
  { name: 'forgot', path: '/forgot', answers: guest() },
  {
    name: 'forgot-sent',
    path: '/forgot',
    answers: guest({ 'POST /api/password/forgot': { status: 202 } }),
    act: async (page) => {
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByRole('button', { name: 'Send the link' }).click();
    },
    awaits: 'Check your mail',
  },
  { name: 'reset', path: '/reset#token=t', answers: guest() },
  { name: 'reset-no-token', path: '/reset', answers: guest(), awaits: 'does not work' },
  { name: 'not-found', path: '/no/such/page', answers: guest() },
  {
    name: 'unreachable',
    path: '/projects',
    answers: { 'POST /api/session/refresh': { broken: true } },
    awaits: 'No connection',
  },
  { name: 'invitation-guest', path: '/invitation#token=t', answers: guest() },
  {
    name: 'api',
    path: '/docs/api',
    answers: guest({ 'GET /api/openapi.json': { body: openapi } }),
    act: async (page) => page.getByText('Makes a project.').first().click(),
    awaits: 'Idempotency-Key',
  },
];
