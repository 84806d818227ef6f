/** What happens from click to click, against an API that is not there. */
import { expect, test } from '@playwright/test';
import {
  type Answers,
  GUEST_ANSWERS,
  problem,
  project,
  SIGNED_IN_ANSWERS,
  STEPS_DONE,
  STEPS_HALFWAY,
} from '../visual/answers.ts';
import { begin, ID, SESSION } from './begin.ts';

test('a sign-in leads to where one wanted to go', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS, ...GUEST_ANSWERS };
  answers['POST /api/sign-in'] = { body: SESSION };
  await begin(page, answers);
  await page.goto('/keys');
  await expect(page).toHaveURL(/\/sign-in\?return_to=%2Fkeys$/);
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('four words in a row');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/keys$/);
  await expect(page).toHaveTitle('Keys · 1mins.in');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
});

test('a token that is over is renewed once, and the request repeated', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  const { of } = await begin(page, answers);
  await page.goto('/projects');
  await page.getByText('research-helper', { exact: true }).waitFor();
  answers['GET /api/keys'] = problem(401, 'not-signed-in', 'sign in again');
  answers['POST /api/session/refresh'] = { body: { ...SESSION, access_token: 'new.b.c' } };
  page.on('request', (request) => {
    if (request.url().endsWith('/refresh')) answers['GET /api/keys'] = { body: [] };
  });
  await page.getByRole('link', { name: 'Keys' }).click();
  await page.getByText('No key yet').waitFor();
  expect(of('POST', '/api/session/refresh')).toHaveLength(2);
  expect(of('POST', '/api/session/refresh')[0]?.headers()['x-requested-with']).toBe('1mins');
  const sent = of('GET', '/api/keys').map((it) => it.headers().authorization);
  expect(sent).toEqual(['Bearer a.b.c', 'Bearer new.b.c']);
});

test('a session that is over leads to the sign-in, which says so', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  await begin(page, answers);
  await page.goto('/projects');
  await page.getByText('research-helper', { exact: true }).waitFor();
  const over = problem(401, 'not-signed-in', 'sign in again');
  answers['GET /api/keys'] = over;
  answers['POST /api/session/refresh'] = over;
  await page.getByRole('link', { name: 'Keys' }).click();
  await page.getByText('Your session has ended').waitFor();
  await expect(page).toHaveURL(/return_to=%2Fkeys$/);
});

test('signing out in one tab signs out the other', async ({ context }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS, 'POST /api/sign-out': { status: 204 } };
  await begin(context, answers);
  const [one, two] = [await context.newPage(), await context.newPage()];
  for (const page of [one, two]) {
    await page.goto('/projects');
    await page.getByText('research-helper', { exact: true }).waitFor();
  }
  await one.getByRole('button', { name: 'account menu' }).click();
  await one.getByRole('button', { name: 'Sign out' }).click();
  await expect(one).toHaveURL(/\/$/);
  await expect(two).toHaveURL(/\/sign-in/);
});

test('an order sends one key until it is changed, and goes on to the payment', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  answers['POST /api/projects'] = { broken: true };
  const { of } = await begin(page, answers);
  await page.goto('/projects/new');
  await page.getByText('Standard').waitFor();
  expect(of('POST', '/api/intents')[0]?.postDataJSON()).toEqual({ plan: 'standard' });
  await page.getByText('More memory and CPU').click();
  await expect
    .poll(() => of('POST', '/api/intents').at(-1)?.postDataJSON())
    .toEqual({ plan: 'pro' });
  const button = page.getByRole('button', { name: 'Continue to payment' });
  await page.getByLabel('Name').fill('helper');
  await button.click();
  await page.getByText('We could not reach').waitFor();
  await expect(page.getByLabel('Name')).toHaveValue('helper');
  await button.click();
  await expect.poll(() => of('POST', '/api/projects').length).toBe(2);
  answers['POST /api/projects'] = { status: 201, body: project('pending_payment') };
  answers[`POST /api/projects/${ID}/checkout`] = { body: { checkout_url: '/api/checkout-page' } };
  answers['GET /api/checkout-page'] = { body: 'the page of the payment provider' };
  await page.getByLabel('Name').fill('research-helper');
  await button.click();
  await page.waitForURL('**/api/checkout-page');
  const keys = of('POST', '/api/projects').map((it) => it.headers()['idempotency-key']);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[2]).not.toBe(keys[1]);
});

test('a start is followed until the agent runs, over a gap in the connection', async ({ page }) => {
  const path = `GET /api/projects/${ID}`;
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [path]: { body: project('pending_payment') },
  };
  await begin(page, answers);
  await page.goto(`/projects/${ID}?status=active&email=ada%40example.com`);
  await page.getByText('being confirmed').waitFor();
  await expect(page).toHaveURL(`/projects/${ID}`);
  answers[path] = { body: project('provisioning', { steps: STEPS_HALFWAY }) };
  await page.getByText('Your agent is starting').waitFor();
  answers[path] = { broken: true };
  await page.getByText('We could not check for news').waitFor();
  answers[path] = { body: project('running', { steps: STEPS_DONE }) };
  await page.getByRole('button', { name: 'Open chat' }).waitFor();
});

test('trying again follows the new attempt', async ({ page }) => {
  const path = `GET /api/projects/${ID}`;
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [path]: { body: project('error', { reason: 'Your agent could not be started.' }) },
    [`POST /api/projects/${ID}/retry`]: { status: 202, body: project('pending') },
  };
  await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByText('Your agent could not be started.').waitFor();
  answers[path] = { body: project('provisioning', { steps: STEPS_HALFWAY }) };
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Wait until it answers').waitFor();
  answers[path] = { body: project('running', { steps: STEPS_DONE }) };
  await page.getByRole('button', { name: 'Open chat' }).waitFor();
});

test('the chat opens in a tab of its own, by a form, without a way back to this page', async ({
  page,
  context,
}) => {
  const action = 'http://127.0.0.1:4173/api/agent';
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [`POST /api/projects/${ID}/chat`]: { status: 201, body: { action, ticket: 'the-ticket' } },
    'POST /api/agent': { body: 'the agent' },
  };
  const { of } = await begin(context, answers);
  await page.goto(`/projects/${ID}`);
  const opened = context.waitForEvent('page');
  await page.getByRole('button', { name: 'Open chat' }).click();
  const tab = await opened;
  await tab.waitForURL(action);
  expect(of('POST', '/api/agent')[0]?.postData()).toBe('ticket=the-ticket');
  expect(await tab.evaluate(() => window.opener)).toBeNull();
  await expect(page).toHaveURL(`/projects/${ID}`);
});

test('a chat that is refused leaves no empty tab behind', async ({ page, context }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [`POST /api/projects/${ID}/chat`]: problem(409, 'conflict', 'the agent is not running'),
  };
  await begin(context, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Open chat' }).click();
  await page.getByText('The agent is not running.').waitFor();
  expect(context.pages()).toHaveLength(1);
});

test('a visit to an agent without a session goes through the sign-in into the chat', async ({
  page,
}) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS, ...GUEST_ANSWERS };
  answers['POST /api/sign-in'] = { body: SESSION };
  const action = 'http://127.0.0.1:4173/api/agent';
  answers[`POST /api/projects/${ID}/chat`] = { status: 201, body: { action, ticket: 't' } };
  answers['POST /api/agent'] = { body: 'the agent' };
  await begin(page, answers);
  await page.goto('/open?host=research-helper-k3v9q2m7xw.1mins.in');
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('four words in a row');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(action);
});

test('the token of a letter leaves the address bar at once', async ({ page }) => {
  const answers: Answers = { ...GUEST_ANSWERS, 'POST /api/confirm': { body: { confirmed: true } } };
  const { of } = await begin(page, answers);
  await page.goto('/confirm#token=secret');
  await page.getByText('Your account is open').waitFor();
  await expect(page).toHaveURL('/confirm');
  expect(of('POST', '/api/confirm')[0]?.postDataJSON()).toEqual({ token: 'secret' });
});

test('moving to another workspace reads everything again', async ({ page }) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS };
  answers['POST /api/session/tenant'] = { body: { ...SESSION, tenant_id: 'ten_2' } };
  await begin(page, answers);
  await page.goto('/projects');
  await page.getByText('research-helper', { exact: true }).waitFor();
  answers['GET /api/projects'] = { body: [] };
  await page.getByRole('button', { name: 'account menu' }).click();
  await page.getByRole('button', { name: 'Analytical Engines' }).click();
  await page.getByText('No agent yet').waitFor();
});
