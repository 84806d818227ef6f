/** Plans and prices, as they are written. */
import type { Plan } from '../api/types.ts';

/** An amount a month, in the currency's smallest unit. */
export interface Price {
  minor: number;
  currency: string;
}

/** `$49`, `€49.50`: whole amounts without noughts. For prices. */
export function priceText(minor: number, currency: string): string {
  const amount = amountOf(minor, currency);
  return Number.isInteger(amount) ? money(currency, 0).format(amount) : amountText(minor, currency);
}

/** `$49.00`: with all of its digits. For what is charged, or was. */
export function amountText(minor: number, currency: string): string {
  return money(currency).format(amountOf(minor, currency));
}

function amountOf(minor: number, currency: string): number {
  return minor / 10 ** (money(currency).resolvedOptions().maximumFractionDigits ?? 2);
}

function money(currency: string, digits?: number): Intl.NumberFormat {
  const noughts = digits === undefined ? {} : { minimumFractionDigits: digits };
  return new Intl.NumberFormat('en-US', { style: 'currency', currency, ...noughts });
}

/** What the site shows as the price of a plan. `null`: it shows none. */
export function shownPrice(id: string, plans: readonly Plan[] | null): Price | null {
  const plan = plans?.find((it) => it.id === id);
  return plan ? { minor: plan.price_minor, currency: plan.currency } : null;
}

/** `1.5 GB`: memory as it is sold, in units of 1024 MiB. */
export function memoryText(mib: number): string {
  return `${Number((mib / 1024).toFixed(2))} GB`;
}

export function cpuText(millis: number): string {
  return `${Number((millis / 1000).toFixed(2))} vCPU`;
}

const ABOUT: Record<string, string> = {
  standard: 'One agent for everyday chat and a few tools.',
  pro: 'More memory and CPU, for longer tasks and heavier tools.',
  dedicated: 'A whole server that you share with nobody.',
};

export function aboutPlan(id: Plan['id']): string {
  return ABOUT[id] ?? '';
}

export function planName(id: string, plans: readonly Plan[] | null): string {
  const known = plans?.find((it) => it.id === id)?.name;
  return known ?? id.charAt(0).toUpperCase() + id.slice(1);
}
