/** States of projects, as customers read them. */
import type { Project, Subscription } from '../api/types.ts';

/** A word or two, and how grave they are. */
export interface Label {
  text: string;
  tone: 'plain' | 'good' | 'busy' | 'bad' | 'warn';
}

const STATES: Record<string, Label> = {
  pending_payment: { text: 'Not paid yet', tone: 'warn' },
  pending: { text: 'Starting', tone: 'busy' },
  provisioning: { text: 'Starting', tone: 'busy' },
  running: { text: 'Running', tone: 'good' },
  halting: { text: 'Stopping', tone: 'busy' },
  stopped: { text: 'Stopped', tone: 'plain' },
  asleep: { text: 'Asleep', tone: 'plain' },
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
    text: 'Nothing of it runs at the moment. Why, and what brings it back, is below.',
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

const MOVING = {
  title: 'Your agent is moving to its new plan',
  text: 'Everything that it knows is being brought to safety. It starts again by itself, in a minute or two.',
};

const RETURNING = {
  title: 'Your agent is coming back',
  text: 'It starts by itself in a moment, with everything that it knew.',
};

/** What pays for it tells why it rests, once that is known. */
export function resting(
  state: Project['state'],
  subscription: Pick<Subscription, 'standing' | 'plan_change'> | null,
): { title: string; text: string } | null {
  if (state === 'halting' && subscription?.plan_change) return MOVING;
  if (state === 'suspended' && subscription?.standing === 'paid') return RETURNING;
  return RESTING[state] ?? null;
}

/** When it sleeps, for its owner. `null`: its plan never does. */
export function sleepText(
  project: Pick<Project, 'keep_awake' | 'sleeps_after_minutes'>,
): string | null {
  const minutes = project.sleeps_after_minutes;
  if (minutes === null || minutes === undefined) return null;
  if (project.keep_awake) {
    return 'You keep it awake: it answers at once, also when nobody has used it for long.';
  }
  return `After ${minutes} minutes in which nobody uses it, your agent falls asleep. The first to come to it waits for up to a minute. Messages and scheduled tasks wake it too, and none is lost.`;
}

/** Also for a state that this site does not know yet: by its own name. */
export function stateLabel(state: Project['state']): Label {
  return STATES[state] ?? { text: wordsOf(state), tone: 'plain' };
}

/** `being_moved` as `Being moved`. */
export function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether nothing changes before somebody does something. */
export function isAtRest(state: Project['state']): boolean {
  return ['running', 'stopped', 'error', 'deleted'].includes(state);
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
