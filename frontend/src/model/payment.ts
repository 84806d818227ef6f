/** Payments, as customers read them. */
import type { Payment } from '../api/types.ts';
import { type Label, wordsOf } from './project.ts';

const STATES: Record<string, Label> = {
  succeeded: { text: 'Paid', tone: 'good' },
  failed: { text: 'Declined', tone: 'bad' },
  cancelled: { text: 'Cancelled', tone: 'plain' },
  processing: { text: 'Under way', tone: 'busy' },
};

/** Also for a state that this site does not know: by its own name. */
export function paymentLabel(it: Payment): Label {
  if (it.refunded === 'fully') return { text: 'Refunded', tone: 'plain' };
  return STATES[it.status] ?? { text: wordsOf(it.status), tone: 'plain' };
}

/** Only what was paid has an invoice. */
export const hasInvoice = (it: Payment): boolean => it.status === 'succeeded';

/** The name of the file: `1mins-invoice-2026-11-03-pay_1.pdf`. */
export function invoiceName(it: Payment): string {
  const safe = (text: string) => text.replaceAll(/[^\w-]/g, '');
  return `1mins-invoice-${safe(it.created_at.slice(0, 10))}-${safe(it.id)}.pdf`;
}
