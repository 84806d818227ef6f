/** What customers do about their subscriptions, and what may go wrong with it. */
import { expect, type Page, test } from '@playwright/test';
import {
  type Answers,
  AWAY,
  DEARER_PLANS,
  ME,
  PLANS,
  problem,
  project,
  type Reply,
  SIGNED_IN_ANSWERS,
} from '../visual/answers.ts';
import { ENDED, ENDING, quote, SUSPENDED, subscription } from '../visual/answers-billing.ts';
import { begin, ID } from './begin.ts';

const PROJECT = `/api/projects/${ID}`;
const SUBSCRIPTION = `GET ${PROJECT}/subscription`;
const QUOTE = `POST ${PROJECT}/plan/quote`;
const CHANGE = `PUT ${PROJECT}/plan`;
const CHECKOUT = `POST ${PROJECT}/checkout`;
const PAGE = '/api/checkout-page';

const CHANGING = subscription('paid', {
  recurring_minor: 12900,
  plan_change: { plan: 'dedicated', since: '2026-11-21T12:00:00Z' },
});
const priceChanged = problem(409, 'price-changed', 'the price is another one by now');
const dearer: Reply = { body: DEARER_PLANS };

async function choose(page: Page, plan: string) {
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Change plan' }).click();
  await page.getByRole('dialog').getByRole('radio', { name: plan }).check();
}

const confirm = (page: Page) => page.getByRole('button', { name: 'Change to Dedicated' });

test('an upgrade is quoted, confirmed once, and followed until it is applied', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [QUOTE]: { body: quote(2560, 12900) },
    [CHANGE]: { status: 202, body: CHANGING },
  };
  const { of } = await begin(page, answers);
  await choose(page, 'Dedicated');
  await page.getByText('$25.60 now, then $129.00 a month.').waitFor();
  answers[SUBSCRIPTION] = { body: CHANGING };
  await confirm(page).dblclick();
  await page.getByText('Changing to Dedicated').waitFor();
  await expect(page.getByRole('dialog')).toBeHidden();
  expect(of('PUT', `${PROJECT}/plan`).map((it) => it.postDataJSON())).toEqual([quote(2560, 12900)]);
  await expect(page.getByRole('button', { name: 'Change plan' })).toBeHidden();
  answers[`GET ${PROJECT}`] = { body: project('halting') };
  await page.getByText('Your agent is moving to its new plan').waitFor();
  answers[`GET ${PROJECT}`] = { body: project('running', { plan: 'dedicated' }) };
  answers[SUBSCRIPTION] = {
    body: subscription('paid', { plan: 'dedicated', recurring_minor: 12900 }),
  };
  await page.getByText('Renews on 3 December for $129.').waitFor();
  await page.getByText('Dedicated plan').waitFor();
});

test('a change that the records do not show yet is shown, and looked for', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [QUOTE]: { body: quote(2560, 12900) },
    [CHANGE]: { status: 202, body: CHANGING },
  };
  const { of } = await begin(page, answers);
  await choose(page, 'Dedicated');
  await confirm(page).click();
  await page.getByText('Changing to Dedicated').waitFor();
  const looks = of('GET', `${PROJECT}/subscription`).length;
  await expect.poll(() => of('GET', `${PROJECT}/subscription`).length).toBeGreaterThan(looks + 1);
  await expect(page.getByText('Changing to Dedicated'), 'though they say otherwise').toBeVisible();
  await expect(page.getByRole('button', { name: 'Change plan' })).toBeHidden();
  answers[SUBSCRIPTION] = {
    body: subscription('paid', { plan: 'dedicated', recurring_minor: 12900 }),
  };
  await page.getByText('Changing to Dedicated').waitFor({ state: 'hidden' });
  await page.getByText('Renews on 3 December for $129.').waitFor();
});

test('a declined charge changes nothing, and leads to the payment method', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [QUOTE]: { body: quote(2560, 12900) },
    [CHANGE]: problem(409, 'payment-declined', 'the payment was declined and nothing has changed'),
    'POST /api/billing/portal': { status: 201, body: { url: '/api/portal-page' } },
    'GET /api/portal-page': { body: 'the page of the payment provider' },
  };
  await begin(page, answers);
  await choose(page, 'Dedicated');
  await confirm(page).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The plan was not changed').waitFor();
  await dialog.getByRole('button', { name: 'Update payment method' }).click();
  await page.waitForURL('**/api/portal-page');
});

test('a price that has changed is asked for again, and agreed to again', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [QUOTE]: { body: quote(2560, 12900) },
    [CHANGE]: priceChanged,
  };
  const { of } = await begin(page, answers);
  await choose(page, 'Dedicated');
  await page.getByText('$25.60 now').waitFor();
  answers[QUOTE] = { body: quote(3120, 13900) };
  await confirm(page).click();
  await page.getByText('You were shown: $25.60 now, then $129.00 a month.').waitFor();
  await page.getByText('$31.20 now, then $139.00 a month.').waitFor();
  answers[CHANGE] = { status: 202, body: CHANGING };
  answers[SUBSCRIPTION] = { body: CHANGING };
  await confirm(page).click();
  await page.getByText('Changing to Dedicated').waitFor();
  expect(of('PUT', `${PROJECT}/plan`).at(-1)?.postDataJSON()).toEqual(quote(3120, 13900));
});

test('a change whose answer is lost is looked at again', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [QUOTE]: { body: quote(2560, 12900) },
    [CHANGE]: { broken: true },
  };
  const { of } = await begin(page, answers);
  await choose(page, 'Dedicated');
  await confirm(page).click();
  await page.getByText('We do not know whether the plan was changed').waitFor();
  expect(of('PUT', `${PROJECT}/plan`), 'nothing is repeated by itself').toHaveLength(1);
  answers[SUBSCRIPTION] = { body: CHANGING };
  await page.getByRole('button', { name: 'Not now' }).click();
  await page.getByText('Changing to Dedicated').waitFor();
});

test('a quote that cannot be had changes nothing, and the next plan is asked for anew', async ({
  page,
}) => {
  const answers: Answers = { ...SIGNED_IN_ANSWERS, [QUOTE]: AWAY };
  await begin(page, answers);
  await choose(page, 'Dedicated');
  await page.getByText('The price of this change could not be loaded').waitFor();
  await expect(confirm(page)).toBeHidden();
  answers[QUOTE] = { body: quote(-640, 4900, 'standard') };
  await page.getByRole('radio', { name: 'Standard' }).check();
  await page.getByText('You keep a credit of $6.40').waitFor();
  await expect(page.getByRole('button', { name: 'Change to Standard' })).toBeEnabled();
});

test('a cancellation says what it leads to, and can be taken back', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [`POST ${PROJECT}/cancellation`]: AWAY,
    [`DELETE ${PROJECT}/cancellation`]: AWAY,
  };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByRole('button', { name: 'Cancel subscription' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Your agent runs on until 3 December').waitFor();
  const cancel = dialog.getByRole('button', { name: 'Cancel subscription' });
  await cancel.click();
  await dialog.getByText('does not answer right now').waitFor();
  answers[`POST ${PROJECT}/cancellation`] = { body: ENDING };
  await cancel.dblclick();
  await page.getByText('Ends on 3 December').waitFor();
  expect(of('POST', `${PROJECT}/cancellation`)).toHaveLength(2);
  await expect(page.getByRole('button', { name: 'Change plan' })).toBeHidden();
  const keep = page.getByRole('button', { name: 'Keep the subscription' });
  await keep.click();
  await page.getByText('does not answer right now').waitFor();
  answers[`DELETE ${PROJECT}/cancellation`] = { body: subscription('paid') };
  await keep.click();
  await page.getByText('Renews on 3 December for $65.').waitFor();
});

test('a card is mended on the page of the payment provider, asked for at each click', async ({
  page,
}) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [`GET ${PROJECT}`]: { body: project('suspended') },
    [SUBSCRIPTION]: { body: SUSPENDED },
    'POST /api/billing/portal': AWAY,
    'GET /api/portal-page': { body: 'the page of the payment provider' },
  };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  const mend = page.getByRole('button', { name: 'Update payment method' });
  await mend.click();
  await page.getByText('does not answer right now').waitFor();
  answers['POST /api/billing/portal'] = { status: 201, body: { url: '/api/portal-page' } };
  await mend.click();
  await page.waitForURL('**/api/portal-page');
  expect(of('POST', '/api/billing/portal')).toHaveLength(2);
  answers[SUBSCRIPTION] = { body: subscription('paid') };
  await page.goto(`/projects/${ID}`);
  await page.getByText('Your agent is coming back').waitFor();
  answers[`GET ${PROJECT}`] = { body: project('pending') };
  await page.getByText('Your agent is starting').waitFor();
});

test('what has ended is paid for again, at the price that is shown', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [`GET ${PROJECT}`]: { body: project('suspended') },
    [SUBSCRIPTION]: { body: ENDED },
    [CHECKOUT]: { body: { checkout_url: PAGE } },
    [`GET ${PAGE}`]: { body: 'the page of the payment provider' },
  };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByText('kept until 2 December').waitFor();
  await page.getByRole('button', { name: 'Pay again' }).click();
  await page.waitForURL(`**${PAGE}`);
  expect(of('POST', `${PROJECT}/checkout`)[0]?.postDataJSON()).toEqual({
    price_minor: 6500,
    currency: 'USD',
  });
});

test('no payment page opens at another price than was agreed to', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    [`GET ${PROJECT}`]: { body: project('pending_payment') },
    [CHECKOUT]: priceChanged,
    [`GET ${PAGE}`]: { body: 'the page of the payment provider' },
  };
  const { of } = await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByText('$65 a month').waitFor();
  answers['GET /api/plans'] = dearer;
  await page.getByRole('button', { name: 'Pay now' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('shown to you at $65 a month').waitFor();
  await dialog.getByRole('button', { name: 'Not now' }).click();
  await page.getByText('$69 a month').waitFor();
  expect(of('POST', `${PROJECT}/checkout`)).toHaveLength(1);
  answers['GET /api/plans'] = { body: PLANS };
  await page.getByRole('button', { name: 'Pay now' }).click();
  answers[CHECKOUT] = { body: { checkout_url: PAGE } };
  await dialog.getByRole('button', { name: 'Pay $65 a month' }).click();
  await page.waitForURL(`**${PAGE}`);
  const sent = of('POST', `${PROJECT}/checkout`).map((it) => it.postDataJSON().price_minor);
  expect(sent).toEqual([6500, 6900, 6500]);
});

test('an order at a price that has changed waits for a yes', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    'POST /api/projects': { status: 201, body: project('pending_payment') },
    [`GET ${PROJECT}`]: { body: project('pending_payment') },
    [CHECKOUT]: priceChanged,
    [`GET ${PAGE}`]: { body: 'the page of the payment provider' },
  };
  const { of } = await begin(page, answers);
  const order = async () => {
    answers['GET /api/plans'] = { body: PLANS };
    await page.goto('/projects/new?plan=pro');
    await page.getByLabel('Name').fill('research-helper');
    await page.getByText('$65').waitFor();
    answers['GET /api/plans'] = dearer;
    await page.getByRole('button', { name: 'Continue to payment' }).click();
    await page.getByText('shown to you at $65 a month').waitFor();
  };
  await order();
  await page.keyboard.press('Escape');
  await expect(page, 'the project is there, and can be paid for').toHaveURL(`/projects/${ID}`);
  await page.getByText('$69 a month').waitFor();
  await order();
  answers[CHECKOUT] = { body: { checkout_url: PAGE } };
  await page.getByRole('button', { name: 'Pay $69 a month' }).click();
  await page.waitForURL(`**${PAGE}`);
  expect(of('POST', `${PROJECT}/checkout`).at(-1)?.postDataJSON().price_minor).toBe(6900);
});

test('an invoice is downloaded with the session, and by its name', async ({ page }) => {
  const path = '/api/billing/payments/pay_4/invoice';
  const answers: Answers = { ...SIGNED_IN_ANSWERS, [`GET ${path}`]: AWAY };
  const { of } = await begin(page, answers);
  await page.goto('/billing');
  const invoice = page.getByRole('button', { name: 'Invoice of 3 Nov 2026' });
  await invoice.click();
  await page.getByText('The invoice could not be loaded').waitFor();
  answers[`GET ${path}`] = { file: '%PDF-1.4', headers: { 'content-type': 'application/pdf' } };
  const started = page.waitForEvent('download');
  await invoice.click();
  const download = await started;
  expect(download.suggestedFilename()).toBe('1mins-invoice-2026-11-03-pay_4.pdf');
  expect((await (await download.createReadStream()).toArray()).join('')).toBe('%PDF-1.4');
  expect(of('GET', path).at(-1)?.headers().authorization).toBe('Bearer a.b.c');
  await expect(page.getByText('The invoice could not be loaded')).toBeHidden();
});

test('a member sees what is paid, and why nothing of it can be changed', async ({ page }) => {
  const answers: Answers = {
    ...SIGNED_IN_ANSWERS,
    'GET /api/me': { body: { ...ME, tenant_id: 'ten_2' } },
  };
  await begin(page, answers);
  await page.goto(`/projects/${ID}`);
  await page.getByText('Only an owner of the workspace can change, cancel or pay').waitFor();
  await page.getByText('Renews on 3 December for $65.').waitFor();
  for (const name of ['Change plan', 'Cancel subscription', 'Payment method and invoices']) {
    await expect(page.getByRole('button', { name })).toBeHidden();
  }
  await page.goto('/billing');
  await page.getByText('Only an owner of the workspace can change the payment').waitFor();
  await expect(page.getByRole('button', { name: 'Invoice of 3 Nov 2026' })).toBeVisible();
});
