/** What pays for a project, in the words of customers: how it stands, and what happens next. */
import type { Plan, Project, Quote, Subscription } from '../api/types.ts';
import { amountText, type Price, priceText } from './plan.ts';
import { type Label, wordsOf } from './project.ts';
import { dayText } from './time.ts';

/** What is so, and what a customer can do about it, if there is something. */
export interface Outlook {
  what: string;
  todo: string | null;
}

/** What may be done now. Who may do it is another question. */
export interface Acts {
  changePlan: boolean;
  cancel: boolean;
  /** Take the cancellation back. */
  keep: boolean;
  portal: boolean;
  /** Something is wrong that can be put right on the portal. */
  mend: boolean;
  payAgain: boolean;
  /** Take the deletion back. */
  undelete: boolean;
}

const KEPT = 'Nothing of it has been deleted.';

const SUSPENDED: Record<string, Outlook> = {
  unpaid: {
    what: `The last payment did not go through, so your agent is stopped. ${KEPT}`,
    todo: 'Update your payment method: once the payment is through, your agent comes back by itself with everything that it knew.',
  },
  paused: {
    what: `The subscription is paused, so your agent is stopped. ${KEPT}`,
    todo: 'Continue the subscription on the page of our payment provider, and your agent comes back by itself.',
  },
  disputed: {
    what: `A bank was asked to take one of your payments back. Your agent is stopped until that is settled. ${KEPT}`,
    todo: 'If it is a mistake, have your bank withdraw the dispute: your agent comes back by itself then.',
  },
};

const ENDED: Record<string, string> = {
  cancelled: 'it was cancelled',
  expired: 'it has run out',
  failed: 'its first payment never arrived',
  refunded: 'its payment was given back in full',
  dispute_lost: 'a bank took the payment back',
  owner_deleted: 'you had the project deleted',
};

const LABELS: Record<string, Label> = {
  none: { text: 'Not paid yet', tone: 'warn' },
  waiting: { text: 'Being confirmed', tone: 'busy' },
  paid: { text: 'Paid', tone: 'good' },
  past_due: { text: 'Payment missing', tone: 'bad' },
  suspended: { text: 'Stopped', tone: 'bad' },
  ended: { text: 'Ended', tone: 'plain' },
};

export function standingLabel(it: Subscription): Label {
  if (it.plan_change) return { text: 'Changing plan', tone: 'busy' };
  if (isDeleted(it)) return { text: 'To be deleted', tone: 'warn' };
  if (isEnding(it)) return { text: 'Ends soon', tone: 'warn' };
  return LABELS[it.standing] ?? { text: wordsOf(it.standing), tone: 'plain' };
}

/** What is paid for: ahead of the instance while a change is being applied. */
export const paidPlan = (it: Subscription): Plan['id'] => it.plan_change?.plan ?? it.plan;

/** `$49 a month`. `null` where nothing is paid. */
export function recurringText(it: Subscription): string | null {
  const price = it.standing === 'ended' ? null : recurring(it);
  return price && `${priceText(price.minor, price.currency)} a month`;
}

function recurring(it: Subscription): Price | null {
  const { recurring_minor: minor, currency } = it;
  return typeof minor === 'number' && currency ? { minor, currency } : null;
}

/** What happens next to a project in `state` if nobody does anything, and what can be done. */
export function outlook(it: Subscription, state: Project['state'], now: number): Outlook {
  const calm = (what: string): Outlook => ({ what, todo: null });
  switch (it.standing) {
    case 'none':
      return calm('Nothing was paid for this project.');
    case 'waiting':
      return calm('The payment is being confirmed.');
    case 'paid':
      return calm(isEnding(it) ? endingText(it, now) : renewalText(it, now));
    case 'past_due':
      return pastDue(it, now);
    case 'suspended':
      return suspended(it);
    case 'ended':
      return ended(it, state, now);
    default:
      return calm('');
  }
}

function suspended(it: Subscription): Outlook {
  const unknown = { what: `Your agent is stopped. ${KEPT}`, todo: null };
  return SUSPENDED[it.why ?? ''] ?? unknown;
}

function renewalText(it: Subscription, now: number): string {
  const price = recurring(it);
  const rate = price ? ` for ${priceText(price.minor, price.currency)}` : '';
  return `Renews ${it.next_billing_at ? `on ${dayText(it.next_billing_at, now)}` : 'each month'}${rate}.`;
}

function endingText(it: Subscription, now: number): string {
  const end = it.cancels_at ? dayText(it.cancels_at, now) : '';
  return `Ends on ${end}, and nothing more is charged. Your agent stops then, and its data is ${keptText(it, now)}`;
}

/** Until when data outlives its subscription. Only the API knows. */
function keptText(it: Subscription, now: number): string {
  return it.data_deleted_at
    ? `kept until ${dayText(it.data_deleted_at, now)}, when it is deleted.`
    : 'kept for a while. We write to you before it is deleted.';
}

function pastDue(it: Subscription, now: number): Outlook {
  const end = it.past_due_until
    ? `until ${dayText(it.past_due_until, now)} and stops then, unless it is paid`
    : 'for now, and stops when the next try fails as well';
  return {
    what: `The last payment did not go through. Your agent goes on ${end}.`,
    todo: 'Update your payment method, and the payment is tried again with it.',
  };
}

function ended(it: Subscription, state: Project['state'], now: number): Outlook {
  const day = it.ended_at ? ` on ${dayText(it.ended_at, now)}` : '';
  const why = ENDED[it.why ?? ''];
  const end = `The subscription ended${day}${why ? `, because ${why}` : ''}.`;
  if (state === 'deleted') return { what: `${end} The data of your agent is deleted.`, todo: null };
  if (state === 'deleting' || isDeletionDue(it, now)) {
    return { what: `${end} The data of your agent is being deleted.`, todo: null };
  }
  if (isDeleted(it)) {
    return {
      what: `This project is to be deleted, as you wished. Nothing more is charged. The data of your agent is ${keptText(it, now)}`,
      todo: 'Take the deletion back before that, and your agent comes back with everything that it knew.',
    };
  }
  return {
    what: `${end} The data of your agent is ${keptText(it, now)}`,
    todo: 'Pay again before that, and your agent comes back with everything that it knew.',
  };
}

const isDeletionDue = (it: Subscription, now: number): boolean =>
  typeof it.data_deleted_at === 'string' && Date.parse(it.data_deleted_at) <= now;

const isEnding = (it: Subscription): boolean =>
  Boolean(it.cancels_at) && (it.standing === 'paid' || it.standing === 'past_due');

/** Asks for a customer's eyes before anything else on a page. */
export const isUrgent = (it: Subscription): boolean =>
  it.standing === 'past_due' || it.standing === 'suspended';

/** What a confirmation says before a subscription is cancelled. */
export function cancellationText(it: Subscription, now: number): string {
  const end = it.cancels_at ?? it.next_billing_at;
  const until = end ? `until ${dayText(end, now)}` : 'to the end of this month';
  return `Your agent runs on ${until}, which is paid for, and nothing more is charged. It stops then, and its data is ${keptText(it, now)}`;
}

/** Its owner has the project deleted, though it may be paid for. */
export const isDeleted = (it: Subscription): boolean => it.why === 'owner_deleted';

const DAY_S = 86_400;

/** What a dialog says before a project is deleted; `null`, if nobody has paid for it. */
export function deletionText(it: Subscription | null, now: number): string[] {
  if (!it || it.standing === 'none') {
    return ['Nobody has paid for it, so it is gone at once. It cannot be brought back.'];
  }
  if (it.standing === 'ended') {
    return [`Its subscription has ended already: the data of your agent is ${keptText(it, now)}`];
  }
  const until = new Date(now + (it.kept_for_s ?? 0) * 1000).toISOString();
  const kept = (it.kept_for_s ?? 0) < DAY_S ? 'for a short while' : `until ${dayText(until, now)}`;
  return [
    'Your agent is stopped at once, and a last backup is taken. The subscription is not renewed: nothing more is charged, and what you have paid is not given back.',
    `Everything is kept ${kept}, the address too, and until then you can take this back on this page. After that it is erased for good.`,
  ];
}

/** What may be done with the subscription of a project that is in `state`. */
export function actsOf(it: Subscription, state: Project['state'], now: number): Acts {
  const alive = it.standing === 'paid' || it.standing === 'past_due';
  const ending = isEnding(it);
  const mendable = it.why === 'unpaid' || it.why === 'paused';
  return {
    // The payment provider changes neither what ends nor what is not paid up, and one at a time.
    changePlan: it.standing === 'paid' && !ending && !it.plan_change && state === 'running',
    cancel: alive && !ending,
    keep: ending,
    portal: it.standing !== 'none' && it.standing !== 'waiting',
    mend: it.standing === 'past_due' || (it.standing === 'suspended' && mendable),
    // At rest: what comes back starts from all that there is to keep.
    payAgain:
      it.standing === 'ended' && !isDeleted(it) && state === 'suspended' && !isDeletionDue(it, now),
    undelete: isDeleted(it) && !['deleting', 'deleted'].includes(state),
  };
}

/** `$16.00 now, then $65.00 a month.` */
export function quoteText(
  it: Pick<Quote, 'due_now_minor' | 'recurring_minor' | 'currency'>,
): string {
  const month = `${amountText(it.recurring_minor, it.currency)} a month`;
  if (it.due_now_minor > 0) {
    return `${amountText(it.due_now_minor, it.currency)} now, then ${month}.`;
  }
  if (it.due_now_minor === 0) return `Nothing now, then ${month}.`;
  const credit = amountText(-it.due_now_minor, it.currency);
  return `Nothing now, then ${month}. You keep a credit of ${credit}, which comes off your next payments.`;
}

/** What others pay for the plan today, if that is something else. */
export function priceChangeText(it: Subscription): string | null {
  if (!it.price_change || it.standing === 'ended') return null;
  const today = priceText(it.price_change.minor, it.price_change.currency);
  const price = recurring(it);
  const own = price ? ` You go on paying ${priceText(price.minor, price.currency)}.` : '';
  return `New subscriptions to this plan cost ${today} a month today.${own}`;
}
