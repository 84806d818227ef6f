/** What an instance has printed: when there may be something, how much of it, and waiting for it. */
import type { Outcome } from '../api/client.ts';
import { isUnanswered, type Problem } from '../api/problem.ts';
import type { Project } from '../api/types.ts';
import { nextLookMs } from './polling.ts';

/** How many of the last lines one can ask for. */
export const AMOUNTS = [100, 500, 2_000, 5_000].map((lines) => ({
  value: String(lines),
  text: `Last ${lines.toLocaleString('en')} lines`,
}));

/** Longer than the longest reading, by far. */
const PATIENCE_MS = 180_000;

/** A machine that was asked, and no answer in all this time. */
const LATE: Problem = {
  kind: 'late',
  status: 0,
  message: 'Reading takes longer than it should. Try again in a moment.',
  fields: {},
  retryAfterS: null,
};

/** Whether a container may be there, also one that does not start. */
export function mayHavePrinted(state: Project['state']): boolean {
  return ['provisioning', 'running', 'halting', 'error'].includes(state);
}

/** Under which name the lines are saved: `mybot-2026-11-21-1203.log`. */
export function logsName(project: string, at: Date): string {
  const [day, time] = at.toISOString().split('T');
  return `${project}-${day}-${time?.slice(0, 5).replace(':', '')}.log`;
}

/**
 * Looks until there is an answer: `null` is none yet. Whoever cannot be asked right now is asked again.
 *
 * Time is told by how long it was asked to pause.
 */
export async function untilRead(
  look: () => Promise<Outcome<string | null>>,
  pause: (ms: number) => Promise<void>,
): Promise<Outcome<string>> {
  let failures = 0;
  for (let waited = 0; waited < PATIENCE_MS; ) {
    const { data, problem } = await look();
    if (typeof data === 'string') return { data };
    if (problem && !isUnanswered(problem)) return { problem };
    failures = problem ? failures + 1 : 0;
    const ms = nextLookMs(waited, failures);
    await pause(ms);
    waited += ms;
  }
  return { problem: LATE };
}
