/** States of projects, as customers read them. */
import type { Project } from '../api/types.ts';

type Tone = 'plain' | 'good' | 'busy' | 'bad' | 'warn';

const STATES: Record<string, { text: string; tone: Tone }> = {
  pending_payment: { text: 'Not paid yet', tone: 'warn' },
  pending: { text: 'Starting', tone: 'busy' },
  provisioning: { text: 'Starting', tone: 'busy' },
  running: { text: 'Running', tone: 'good' },
  halting: { text: 'Stopping', tone: 'busy' },
  suspended: { text: 'Paused', tone: 'warn' },
  error: { text: 'Failed', tone: 'bad' },
  deleting: { text: 'Being deleted', tone: 'busy' },
  deleted: { text: 'Deleted', tone: 'plain' },
};

/** Why an agent rests, in the words of its page. Other states have pages of their own. */
const RESTING: Record<string, { title: string; text: string }> = {
  halting: {
    title: 'Your agent is being stopped',
    text: 'Everything that it knows is being brought to safety. This takes a minute or two.',
  },
  suspended: {
    title: 'Your agent is paused',
    text: 'It is not paid for at the moment. Nothing has been deleted: once the payment goes through, it comes back by itself with everything that it knew. The letter that we sent you says until when its data is kept.',
  },
  deleting: {
    title: 'Your agent is being deleted',
    text: 'Its data and its backups are being removed for good. We write to you when that is done.',
  },
  deleted: {
    title: 'Your agent is deleted',
    text: 'Its data and its backups are gone. A new project starts afresh.',
  },
};

export function resting(state: Project['state']): { title: string; text: string } | null {
  return RESTING[state] ?? null;
}

/** Also for a state that this site does not know yet: by its own name. */
export function stateLabel(state: Project['state']): { text: string; tone: Tone } {
  const known = STATES[state];
  if (known) return known;
  const words = String(state).replaceAll('_', ' ');
  return { text: words.charAt(0).toUpperCase() + words.slice(1), tone: 'plain' };
}

export function isMoving(state: Project['state']): boolean {
  return state === 'pending' || state === 'provisioning';
}

/** The host of an instance's address, without a port. */
export function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}

/** What the payment provider says on the way back. It is not signed: only a hint. */
export type PaymentHint = 'none' | 'on-its-way' | 'not-paid';

export function paymentHint(status: string | null): PaymentHint {
  if (status === null) return 'none';
  const good = ['succeeded', 'active', 'processing', 'pending', 'trialing'];
  return good.includes(status) ? 'on-its-way' : 'not-paid';
}
