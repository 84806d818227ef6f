/** States of projects, as customers read them. */
import type { Project } from '../api/types.ts';

type Tone = 'plain' | 'good' | 'busy' | 'bad' | 'warn';

const STATES: Record<string, { text: string; tone: Tone }> = {
  pending_payment: { text: 'Not paid yet', tone: 'warn' },
  pending: { text: 'Starting', tone: 'busy' },
  provisioning: { text: 'Starting', tone: 'busy' },
  running: { text: 'Running', tone: 'good' },
  error: { text: 'Failed', tone: 'bad' },
};

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
