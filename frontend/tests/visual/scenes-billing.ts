/** What is paid, and what happens when it is not: on a project's page, at an order, and in Billing. */
import type { Page } from '@playwright/test';
import { AWAY, DEARER_PLANS, problem, project } from './answers.ts';
import { ENDED, ENDING, PAST_DUE, quote, SUSPENDED, subscription } from './answers-billing.ts';
import type { Scene } from './scene.ts';
import { asMember, PROJECT, presses, shows, signedIn } from './scenes-inside.ts';

const SUBSCRIPTION = `GET /api${PROJECT}/subscription`;
const QUOTE = `POST /api${PROJECT}/plan/quote`;
const CHANGE = `PUT /api${PROJECT}/plan`;
const priceChanged = problem(409, 'price-changed', 'the price is another one by now');

const asks = presses('Change plan');

const STANDINGS: Scene[] = [
  {
    name: 'subscription-loading',
    path: PROJECT,
    answers: signedIn({ [SUBSCRIPTION]: { silent: true } }),
    awaits: 'Plan and payment',
  },
  {
    name: 'subscription-away',
    path: PROJECT,
    answers: signedIn({ [SUBSCRIPTION]: AWAY }),
    awaits: 'The subscription could not be loaded',
  },
  {
    name: 'subscription-price-of-today',
    path: PROJECT,
    answers: signedIn({
      [SUBSCRIPTION]: {
        body: subscription('paid', { price_change: { minor: 7500, currency: 'USD' } }),
      },
    }),
    awaits: 'You go on paying $65',
  },
  {
    name: 'subscription-member',
    path: PROJECT,
    answers: signedIn(asMember),
    awaits: 'Only an owner of the workspace can change',
  },
  {
    name: 'subscription-ending',
    path: PROJECT,
    answers: signedIn({ [SUBSCRIPTION]: { body: ENDING } }),
    awaits: 'Ends on 3 December',
  },
  {
    name: 'subscription-past-due',
    path: PROJECT,
    answers: signedIn({ [SUBSCRIPTION]: { body: PAST_DUE } }),
    awaits: 'until 24 November',
  },
  {
    name: 'subscription-suspended',
    path: PROJECT,
    answers: { ...shows('suspended'), [SUBSCRIPTION]: { body: SUSPENDED } },
    awaits: 'Update payment method',
  },
  {
    name: 'subscription-suspended-member',
    path: PROJECT,
    answers: { ...shows('suspended'), ...asMember, [SUBSCRIPTION]: { body: SUSPENDED } },
    awaits: 'Only an owner',
  },
  {
    name: 'subscription-disputed',
    path: PROJECT,
    answers: {
      ...shows('suspended'),
      [SUBSCRIPTION]: { body: { ...SUSPENDED, why: 'disputed' } },
    },
    awaits: 'withdraw the dispute',
  },
  {
    name: 'subscription-ended',
    path: PROJECT,
    answers: { ...shows('suspended'), [SUBSCRIPTION]: { body: ENDED } },
    awaits: 'Pay again',
  },
  {
    name: 'subscription-paid-again',
    path: `${PROJECT}?subscription_id=sub_2&status=active`,
    answers: { ...shows('suspended'), [SUBSCRIPTION]: { body: ENDED } },
    awaits: 'being confirmed',
  },
];

/** Between a page that is shown and the click on it. */
const getsDearer = (page: Page) =>
  page.route('**/api/plans', (route) => route.fulfill({ json: DEARER_PLANS }));

const CHECKOUTS: Scene[] = [
  {
    name: 'checkout-price-changed',
    path: PROJECT,
    answers: { ...shows('pending_payment'), [`POST /api${PROJECT}/checkout`]: priceChanged },
    act: async (page) => {
      await page.getByText('$65 a month').waitFor();
      await getsDearer(page);
      await page.getByRole('button', { name: 'Pay now' }).click();
    },
    awaits: 'The price has changed',
  },
  {
    name: 'checkout-no-price',
    path: PROJECT,
    answers: { ...shows('pending_payment'), 'GET /api/plans': AWAY },
    awaits: 'The price could not be loaded',
  },
  {
    name: 'new-project-price-changed',
    path: '/projects/new?plan=pro',
    answers: signedIn({
      'POST /api/projects': { status: 201, body: project('pending_payment') },
      [`POST /api${PROJECT}/checkout`]: priceChanged,
    }),
    act: async (page) => {
      await page.getByText('$65').waitFor();
      await getsDearer(page);
      await page.getByLabel('Name').fill('research-helper');
      await page.getByRole('button', { name: 'Continue to payment' }).click();
    },
    awaits: 'The price has changed',
  },
];

const CHANGES: Scene[] = [
  { name: 'plan-choices', path: PROJECT, answers: signedIn(), act: asks, awaits: 'A whole server' },
  {
    name: 'plan-upgrade',
    path: PROJECT,
    answers: signedIn({ [QUOTE]: { body: quote(2560, 12900) } }),
    act: async (page) => {
      await asks(page);
      await page.getByRole('radio', { name: /Dedicated/ }).check();
    },
    awaits: '$25.60 now, then $129.00 a month',
  },
  {
    name: 'plan-downgrade',
    path: PROJECT,
    answers: signedIn({ [QUOTE]: { body: quote(-640, 4900, 'standard') } }),
    act: async (page) => {
      await asks(page);
      await page.getByRole('radio', { name: /Standard/ }).check();
    },
    awaits: 'a credit of $6.40',
  },
  {
    name: 'plan-no-quote',
    path: PROJECT,
    answers: signedIn({ [QUOTE]: AWAY }),
    act: async (page) => {
      await asks(page);
      await page.getByRole('radio', { name: /Dedicated/ }).check();
    },
    awaits: 'The price of this change could not be loaded',
  },
  {
    name: 'plan-price-changed',
    path: PROJECT,
    answers: signedIn({ [QUOTE]: { body: quote(2560, 12900) }, [CHANGE]: priceChanged }),
    act: async (page) => {
      await asks(page);
      await page.getByRole('radio', { name: /Dedicated/ }).check();
      await page.getByRole('button', { name: 'Change to Dedicated' }).click();
    },
    awaits: 'You were shown: $25.60',
  },
  {
    name: 'plan-declined',
    path: PROJECT,
    answers: signedIn({
      [QUOTE]: { body: quote(2560, 12900) },
      [CHANGE]: problem(409, 'payment-declined', 'the payment was declined'),
    }),
    act: async (page) => {
      await asks(page);
      await page.getByRole('radio', { name: /Dedicated/ }).check();
      await page.getByRole('button', { name: 'Change to Dedicated' }).click();
    },
    awaits: 'The plan was not changed',
  },
  {
    name: 'plan-changing',
    path: PROJECT,
    answers: signedIn({
      [SUBSCRIPTION]: {
        body: subscription('paid', {
          recurring_minor: 12900,
          plan_change: { plan: 'dedicated', since: '2026-11-21T11:58:00Z' },
        }),
      },
    }),
    awaits: 'Changing to Dedicated',
  },
  {
    name: 'cancellation',
    path: PROJECT,
    answers: signedIn(),
    act: presses('Cancel subscription'),
    awaits: 'Cancel the subscription?',
  },
];

const MONEY: Scene[] = [
  { name: 'billing', path: '/billing', answers: signedIn(), awaits: 'partly refunded' },
  {
    name: 'billing-member',
    path: '/billing',
    answers: signedIn(asMember),
    awaits: 'Only an owner',
  },
  {
    name: 'billing-empty',
    path: '/billing',
    answers: signedIn({
      'GET /api/projects': { body: [] },
      'GET /api/billing/payments': { body: [] },
    }),
    awaits: 'Nothing to pay',
  },
  {
    name: 'billing-away',
    path: '/billing',
    answers: signedIn({
      'GET /api/projects/prj_2/subscription': AWAY,
      'GET /api/billing/payments': AWAY,
    }),
    awaits: 'Your payments could not be loaded',
  },
  {
    name: 'billing-no-invoice',
    path: '/billing',
    answers: signedIn({ 'GET /api/billing/payments/pay_4/invoice': AWAY }),
    act: presses('Invoice of 3 Nov 2026'),
    awaits: 'The invoice could not be loaded',
  },
  {
    name: 'billing-no-portal',
    path: '/billing',
    answers: signedIn({ 'POST /api/billing/portal': AWAY }),
    act: presses('Payment method and invoices'),
    awaits: 'does not answer right now',
  },
];

export const BILLING: Scene[] = [...STANDINGS, ...CHECKOUTS, ...CHANGES, ...MONEY];
