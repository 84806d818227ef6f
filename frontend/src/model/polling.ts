/** How often to look while something is under way. */

const SOON_MS = 1_000;
const LATER_MS = 3_000;
const LONG_MS = 10_000;
const MAX_MS = 30_000;

/**
 * How long to wait before the next look: each second while seconds matter, seldom when it takes
 * long, and ever more seldom while nobody answers.
 */
export function nextLookMs(sinceStartMs: number, failures: number): number {
  const calm = sinceStartMs < 60_000 ? SOON_MS : sinceStartMs < 300_000 ? LATER_MS : LONG_MS;
  return Math.min(MAX_MS, calm * 2 ** Math.min(failures, 10));
}
