import { describe, expect, test } from 'vitest';
import type { Payment, Project, Subscription } from '../../src/api/types.ts';
import { hasInvoice, invoiceName, paymentLabel } from '../../src/model/payment.ts';
import {
  actsOf,
  cancellationText,
  deletionText,
  isUrgent,
  outlook,
  paidPlan,
  priceChangeText,
  quoteText,
  recurringText,
  standingLabel,
} from '../../src/model/subscription.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const at = (date: string) => `${date}T12:00:00Z`;

const paid: Subscription = {
  standing: 'paid',
  plan: 'standard',
  recurring_minor: 4900,
  currency: 'USD',
  next_billing_at: at('2026-12-03'),
};
const ending: Subscription = { ...paid, cancels_at: at('2026-12-03') };
const pastDue: Subscription = {
  ...paid,
  standing: 'past_due',
  past_due_until: at('2026-11-24'),
};
const changing: Subscription = {
  ...paid,
  recurring_minor: 6500,
  plan_change: { plan: 'pro', since: at('2026-11-21') },
};
const ended: Subscription = {
  ...paid,
  standing: 'ended',
  why: 'cancelled',
  ended_at: at('2026-11-18'),
  data_deleted_at: at('2026-12-02'),
};
const suspended = (why: Subscription['why']): Subscription => ({
  ...paid,
  standing: 'suspended',
  why,
});
/** A word that this site does not know yet. */
const unknown = { ...paid, standing: 'being_moved' } as unknown as Subscription;

describe('what happens next', () => {
  test.each<[string, Subscription, string]>([
    ['it renews', paid, 'Renews on 3 December for $49.'],
    [
      'it renews in another year',
      { ...paid, next_billing_at: at('2027-01-03') },
      'Renews on 3 January 2027 for $49.',
    ],
    ['nobody knows when', { ...paid, next_billing_at: null }, 'Renews each month for $49.'],
    ['nor for how much', { ...paid, recurring_minor: null }, 'Renews on 3 December.'],
    [
      'it ends, and its data goes at a known time',
      { ...ending, data_deleted_at: at('2026-12-17') },
      'Ends on 3 December, and nothing more is charged. Your agent stops then, and its data is kept until 17 December, when it is deleted.',
    ],
    [
      'it ends, and its data goes at some time',
      ending,
      'Ends on 3 December, and nothing more is charged. Your agent stops then, and its data is kept for a while. We write to you before it is deleted.',
    ],
    [
      'a payment is missing',
      pastDue,
      'The last payment did not go through. Your agent goes on until 24 November and stops then, unless it is paid.',
    ],
    [
      'a payment is missing, and nobody knows until when',
      { ...pastDue, past_due_until: null },
      'The last payment did not go through. Your agent goes on for now, and stops when the next try fails as well.',
    ],
    [
      'it has ended',
      ended,
      'The subscription ended on 18 November, because it was cancelled. The data of your agent is kept until 2 December, when it is deleted.',
    ],
    [
      'its data is due',
      { ...ended, data_deleted_at: at('2026-11-21') },
      'The subscription ended on 18 November, because it was cancelled. The data of your agent is being deleted.',
    ],
    ['nothing was paid', { ...paid, standing: 'none' }, 'Nothing was paid for this project.'],
    ['it waits', { ...paid, standing: 'waiting' }, 'The payment is being confirmed.'],
    ['an unknown standing', unknown, ''],
  ])('%s', (_, subscription, text) => {
    expect(outlook(subscription, 'running', NOW).what).toBe(text);
  });

  test.each(['unpaid', 'paused', 'disputed'] as const)(
    '%s: why it is stopped, and what to do',
    (why) => {
      const { what, todo } = outlook(suspended(why), 'suspended', NOW);
      expect(what).toMatch(/stopped.* Nothing of it has been deleted\.$/);
      expect(todo).toMatch(/comes back/);
    },
  );

  test.each(['cancelled', 'expired', 'failed', 'refunded', 'dispute_lost'] as const)(
    '%s: each end has a reason of its own',
    (why) => {
      const { what, todo } = outlook({ ...ended, why }, 'suspended', NOW);
      expect(what).toMatch(/^The subscription ended on 18 November, because /);
      expect(todo).toMatch(/^Pay again/);
    },
  );

  test('what its owner deletes is kept, and can be taken back', () => {
    const { what, todo } = outlook({ ...ended, why: 'owner_deleted' }, 'halting', NOW);
    expect(what).toMatch(/as you wished\. Nothing more is charged\..*until 2 December/);
    expect(todo).toMatch(/^Take the deletion back/);
  });

  test('what is deleted is not said to be kept', () => {
    const of = (state: Project['state']) =>
      outlook({ ...ended, data_deleted_at: null }, state, NOW);
    expect(of('deleting').what).toMatch(/is being deleted\.$/);
    expect(of('deleted')).toEqual({
      what: 'The subscription ended on 18 November, because it was cancelled. The data of your agent is deleted.',
      todo: null,
    });
  });

  test('what is stopped or over for an unknown reason is said all the same', () => {
    expect(outlook(suspended(null), 'suspended', NOW).what).toMatch(/^Your agent is stopped\./);
    expect(outlook({ ...ended, why: null }, 'suspended', NOW).what).toMatch(
      /^The subscription ended on 18 November\. /,
    );
  });
});

describe('before a project is deleted', () => {
  const words = (it: Subscription | null) => deletionText(it, NOW).join(' ');

  test('it is said until when it can be taken back, and what becomes of the money', () => {
    const text = words({ ...paid, kept_for_s: 14 * 86_400 });
    expect(text).toMatch(/not renewed.*not given back/);
    expect(text).toContain('kept until 5 December, the address too');
    expect(words({ ...paid, kept_for_s: 60 })).toContain('kept for a short while');
  });

  test('what was never paid for is gone at once, and what has ended goes when it would', () => {
    for (const it of [null, { ...paid, standing: 'none' } as Subscription]) {
      expect(words(it)).toMatch(/gone at once/);
    }
    expect(words(ended)).toMatch(/ended already.*2 December/);
  });
});

describe('what may be done', () => {
  test('a deletion is taken back, and nothing is paid beside it, until the data is erased', () => {
    const deleted: Subscription = { ...ended, why: 'owner_deleted' };
    expect(standingLabel(deleted).text).toBe('To be deleted');
    for (const state of ['running', 'halting', 'suspended', 'error'] as const) {
      const { undelete, payAgain } = actsOf(deleted, state, NOW);
      expect([undelete, payAgain], state).toEqual([true, false]);
    }
    expect(actsOf(deleted, 'deleting', NOW).undelete).toBe(false);
    expect(actsOf(ended, 'suspended', NOW).undelete).toBe(false);
  });

  const may = (it: Subscription, state: Project['state'] = 'running') =>
    Object.entries(actsOf(it, state, NOW))
      .filter(([, may]) => may)
      .map(([act]) => act);

  test.each<[string, Subscription, string[]]>([
    ['paid', paid, ['changePlan', 'cancel', 'portal']],
    ['changing its plan', changing, ['cancel', 'portal']],
    ['ending', ending, ['keep', 'portal']],
    ['past due', pastDue, ['cancel', 'portal', 'mend']],
    ['unpaid', suspended('unpaid'), ['portal', 'mend']],
    ['paused', suspended('paused'), ['portal', 'mend']],
    ['disputed', suspended('disputed'), ['portal']],
    ['waiting', { ...paid, standing: 'waiting' }, []],
    ['never paid', { ...paid, standing: 'none' }, []],
    // The project still runs: nothing is paid for anew before its data is safe.
    ['ended', ended, ['portal']],
    ['unknown', unknown, ['portal']],
  ])('%s', (_, subscription, acts) => {
    expect(may(subscription)).toEqual(acts);
  });

  test('only what runs changes its plan', () => {
    expect(may(paid, 'provisioning')).toEqual(['cancel', 'portal']);
    expect(may(paid, 'error')).toEqual(['cancel', 'portal']);
  });

  test('what has ended is paid for again for as long as its data is there', () => {
    expect(may(ended, 'suspended')).toContain('payAgain');
    expect(may(ended, 'halting')).not.toContain('payAgain');
    expect(may(ended, 'deleting')).not.toContain('payAgain');
    expect(may({ ...ended, data_deleted_at: at('2026-11-20') }, 'suspended')).toEqual(['portal']);
    expect(may({ ...ended, data_deleted_at: null }, 'suspended')).toContain('payAgain');
  });

  test('only what stops an agent comes before everything else', () => {
    expect([paid, ending, ended].some(isUrgent)).toBe(false);
    expect([pastDue, suspended('disputed')].every(isUrgent)).toBe(true);
  });

  test('before a cancellation is said what it leads to', () => {
    expect(cancellationText(paid, NOW)).toBe(
      'Your agent runs on until 3 December, which is paid for, and nothing more is charged. It stops then, and its data is kept for a while. We write to you before it is deleted.',
    );
    const known = { ...paid, data_deleted_at: at('2026-12-17') };
    expect(cancellationText(known, NOW)).toMatch(/kept until 17 December, when it is deleted\.$/);
  });
});

describe('in a word', () => {
  test.each<[Subscription, string]>([
    [paid, 'Paid'],
    [ending, 'Ends soon'],
    [pastDue, 'Payment missing'],
    [suspended('paused'), 'Stopped'],
    // What has ended does not end any more.
    [{ ...ended, cancels_at: at('2026-11-18') }, 'Ended'],
    [changing, 'Changing plan'],
    [unknown, 'Being moved'],
  ])('%#', (subscription, text) => {
    expect(standingLabel(subscription).text).toBe(text);
  });

  test('the price', () => {
    expect(recurringText(paid)).toBe('$49 a month');
    expect(recurringText({ ...paid, currency: null })).toBeNull();
    expect(recurringText({ ...paid, recurring_minor: 0 })).toBe('$0 a month');
    expect(recurringText(ended), 'nothing more is paid').toBeNull();
  });

  test('the plan that is paid for, before the instance has it', () => {
    expect(paidPlan(paid)).toBe('standard');
    expect([paidPlan(changing), recurringText(changing)]).toEqual(['pro', '$65 a month']);
  });

  test('a price of today that is another one', () => {
    const changed = { ...paid, price_change: { minor: 5500, currency: 'USD' } };
    expect(priceChangeText(changed)).toBe(
      'New subscriptions to this plan cost $55 a month today. You go on paying $49.',
    );
    expect(priceChangeText(paid)).toBeNull();
    expect(priceChangeText({ ...changed, standing: 'ended' })).toBeNull();
  });
});

test.each([
  [1600, 6500, '$16.00 now, then $65.00 a month.'],
  [0, 6500, 'Nothing now, then $65.00 a month.'],
  [
    -850,
    4900,
    'Nothing now, then $49.00 a month. You keep a credit of $8.50, which comes off your next payments.',
  ],
])('a quote of %d and %d', (due_now_minor, recurring_minor, text) => {
  expect(quoteText({ due_now_minor, recurring_minor, currency: 'USD' })).toBe(text);
});

describe('payments', () => {
  const payment: Payment = {
    id: 'pay_1',
    status: 'succeeded',
    total_minor: 4900,
    currency: 'USD',
    created_at: '2026-11-03T09:30:00Z',
    refunded: 'no',
  };

  test.each<[Partial<Payment>, string]>([
    [{}, 'Paid'],
    [{ refunded: 'partly' }, 'Paid'],
    [{ refunded: 'fully' }, 'Refunded'],
    [{ status: 'failed' }, 'Declined'],
    [{ status: 'requires_customer_action' }, 'Requires customer action'],
  ])('%j', (more, text) => {
    expect(paymentLabel({ ...payment, ...more }).text).toBe(text);
  });

  test('what was paid has an invoice, whatever became of it', () => {
    expect(hasInvoice({ ...payment, refunded: 'fully' })).toBe(true);
    expect(hasInvoice({ ...payment, status: 'failed' })).toBe(false);
  });

  test('the name of an invoice is one of a file', () => {
    expect(invoiceName(payment)).toBe('1mins-invoice-2026-11-03-pay_1.pdf');
    expect(invoiceName({ ...payment, id: '../../pay/2' })).toBe(
      '1mins-invoice-2026-11-03-pay2.pdf',
    );
  });
});
