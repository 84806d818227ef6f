/** What a project uses of language models, as its owner reads it. */
import type { Usage } from '../api/types.ts';

const MICROS = 1_000_000;

/** `$0.00`, `less than $0.01`, `$12.34`. */
export function moneyText(micros: number): string {
  if (micros > 0 && micros < MICROS / 100) return 'less than $0.01';
  return `$${(micros / MICROS).toFixed(2)}`;
}

/** `950`, `12.3 thousand`, `4.5 million`. */
export function countText(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  if (tokens < 1_000_000) return `${(tokens / 1_000).toFixed(1)} thousand`;
  return `${(tokens / 1_000_000).toFixed(1)} million`;
}

/** What was used of one model this month. */
export interface ModelUse {
  name: string;
  calls: number;
  tokens: number;
  micros: number;
  /** Whether any of it was estimated. */
  estimated: boolean;
}

/** By model, the dearest first. */
export function byModel(days: Usage['days']): ModelUse[] {
  const uses = new Map<string, ModelUse>();
  for (const it of days) {
    const name = it.provider === 'platform' ? 'Chosen by us' : `${it.provider}/${it.model}`;
    const use = uses.get(name) ?? { name, calls: 0, tokens: 0, micros: 0, estimated: false };
    use.calls += it.calls;
    use.tokens += it.input_tokens + it.cached_tokens + it.cache_written_tokens + it.output_tokens;
    use.micros += it.spent_micros;
    use.estimated ||= it.estimated_calls > 0;
    uses.set(name, use);
  }
  return [...uses.values()].sort((a, b) => b.micros - a.micros || a.name.localeCompare(b.name));
}

export interface Day {
  day: string;
  micros: number;
  calls: number;
}

/** Newest first. */
export function byDay(days: Usage['days']): Day[] {
  const sums = new Map<string, Day>();
  for (const { day, calls, spent_micros } of days) {
    const sum = sums.get(day) ?? { day, micros: 0, calls: 0 };
    sum.calls += calls;
    sum.micros += spent_micros;
    sums.set(day, sum);
  }
  return [...sums.values()].sort((a, b) => b.day.localeCompare(a.day));
}

/** From this share of a limit on there is something to say. */
const NEAR = 0.8;

/** What there is to say of its limits, the most urgent first. */
export function limitLines(usage: Usage): string[] {
  const { spent_micros, platform_spent_micros, platform_included_micros, cap_cents } = usage;
  const cap = cap_cents === null || cap_cents === undefined ? null : cap_cents * (MICROS / 100);
  const lines = [
    line(spent_micros, cap, 'its spend cap', 'Raise the cap to let it go on.'),
    line(
      platform_spent_micros,
      platform_included_micros,
      'what its plan includes of our model',
      'Under a key of your own it can go on.',
    ),
  ];
  return lines.filter((it) => it !== null);
}

function line(spent: number, limit: number | null, what: string, way: string): string | null {
  if (limit === null || spent < limit * NEAR) return null;
  if (spent >= limit) return `Your agent has used up ${what} for this month. ${way}`;
  return `Your agent has used more than 80 % of ${what} for this month.`;
}

/** What somebody typed as a cap in dollars, in cents; or what is wrong with it. */
export function capOf(text: string): { cents: number } | { fault: string } {
  const typed = text.trim().replace(/^\$/, '');
  if (!/^\d{1,6}(\.\d{1,2})?$/.test(typed)) return { fault: 'Type an amount such as 20 or 12.50.' };
  return { cents: Math.round(Number(typed) * 100) };
}
