/** What the API says of payments, for pictures of the site. Now is 21 November 2026. */

/** In UTC, which is where the pictures are taken. */
const day = (date: string): string => `${date}T09:30:00Z`;

/** A subscription that renews on 3 December; what else it is can be said. */
export const subscription = (standing: string, more: Record<string, unknown> = {}) => ({
  standing,
  why: null,
  plan: 'pro',
  recurring_minor: 6500,
  currency: 'USD',
  next_billing_at: day('2026-12-03'),
  cancels_at: null,
  past_due_until: null,
  ended_at: null,
  data_deleted_at: null,
  kept_for_s: 14 * 86_400,
  plan_change: null,
  price_change: null,
  ...more,
});

export const UNPAID = subscription('none', {
  recurring_minor: null,
  currency: null,
  next_billing_at: null,
});

export const ENDING = subscription('paid', {
  cancels_at: day('2026-12-03'),
  data_deleted_at: day('2026-12-17'),
});

export const PAST_DUE = subscription('past_due', { past_due_until: day('2026-11-24') });

export const SUSPENDED = subscription('suspended', { why: 'unpaid', next_billing_at: null });

export const ENDED = subscription('ended', {
  why: 'cancelled',
  next_billing_at: null,
  ended_at: day('2026-11-18'),
  data_deleted_at: day('2026-12-02'),
});

export const quote = (due_now_minor: number, recurring_minor: number, plan = 'dedicated') => ({
  plan,
  due_now_minor,
  recurring_minor,
  currency: 'USD',
});

const payment = (id: string, created_at: string, more: Record<string, unknown> = {}) => ({
  id,
  project_id: 'prj_k3v9q2m7xw',
  project_name: 'research-helper',
  status: 'succeeded',
  total_minor: 6500,
  currency: 'USD',
  created_at,
  refunded: 'no',
  ...more,
});

export const PAYMENTS = [
  payment('pay_5', day('2026-11-21'), {
    project_id: 'prj_2',
    project_name: 'mailbox',
    total_minor: 4900,
    status: 'processing',
  }),
  payment('pay_4', day('2026-11-03')),
  payment('pay_3', day('2026-11-02'), { status: 'failed' }),
  payment('pay_2', day('2026-10-12'), {
    project_id: 'prj_4',
    project_name: 'home',
    total_minor: 12900,
    refunded: 'partly',
  }),
  payment('pay_1', day('2026-09-30'), {
    project_id: null,
    project_name: null,
    total_minor: 4900,
    refunded: 'fully',
  }),
];
