/** Plans and prices, as they are written. */
import type { Plan } from '../api/types.ts';

/** `$49`, `€49.50`: whole amounts without noughts. */
export function priceText(minor: number, currency: string): string {
  const format = (digits?: number) =>
    new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency,
      ...(digits === undefined ? {} : { minimumFractionDigits: digits }),
    });
  const digits = format().resolvedOptions().maximumFractionDigits ?? 2;
  const amount = minor / 10 ** digits;
  return Number.isInteger(amount) ? format(0).format(amount) : format().format(amount);
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
