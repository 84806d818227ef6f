/** The story of a provisioning, in the words of a customer. */
import type { Project, Step } from '../api/types.ts';

export type Mark = 'waiting' | 'running' | 'done' | 'failed' | 'undone';

export interface StoryLine {
  key: string;
  title: string;
  mark: Mark;
  /** Milliseconds since the epoch. `null`: not begun. */
  startedAt: number | null;
  durationMs: number | null;
}

const TITLES: Record<string, string> = {
  Begin: 'Take up the order',
  HoldingPage: 'Set up the web address',
  Reserve: 'Reserve a place on a server',
  BuyWorker: 'Order a new server',
  AwaitWorker: 'Get the server ready',
  Launch: 'Start the agent',
  CheckHealth: 'Wait until it answers',
  Publish: 'Lead the address to it',
  Finish: 'Hand it over',
  Notify: 'Send you a mail',
};

/** What each provisioning goes through. The others are shown only when they happen. */
const USUAL = [
  'Begin',
  'HoldingPage',
  'Reserve',
  'AwaitWorker',
  'Launch',
  'CheckHealth',
  'Publish',
  'Finish',
] as const;

/** `CopyBackup` becomes `Copy backup`: a step that this site does not know yet. */
export function titleOf(name: string): string {
  const known = TITLES[name];
  if (known) return known;
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * What happened, and what is still to come.
 *
 * Nothing is to come when a step failed: then the attempt is over.
 */
export function storyOf(steps: readonly Step[], state: Project['state']): StoryLine[] {
  const lines: StoryLine[] = steps.map((step, index) => ({
    key: `${index}-${step.name}`,
    title: titleOf(step.name),
    mark: step.state,
    startedAt: Date.parse(step.started_at),
    durationMs: step.duration_ms ?? null,
  }));
  if (state !== 'pending' && state !== 'provisioning') return lines;
  const reached = Math.max(-1, ...steps.map((it) => (USUAL as readonly string[]).indexOf(it.name)));
  const ahead = USUAL.slice(reached + 1).map((name) => ({
    key: `ahead-${name}`,
    title: titleOf(name),
    mark: 'waiting' as const,
    startedAt: null,
    durationMs: null,
  }));
  return steps.some((it) => it.state === 'failed') ? lines : [...lines, ...ahead];
}

/** One sentence for those who hear the page instead of seeing it. */
export function announcement(lines: readonly StoryLine[], state: Project['state']): string {
  if (state === 'running') return 'Your agent is running.';
  if (state === 'error') return 'Setting up your agent failed.';
  const current = lines.findLast((it) => it.mark === 'running' || it.mark === 'done');
  if (!current) return 'Waiting for the first step.';
  return current.mark === 'running' ? `Working on: ${current.title}.` : `Done: ${current.title}.`;
}

/** From the first step to the last one. `null` until something began. */
export function totalMs(lines: readonly StoryLine[], now: number): number | null {
  const begun = lines.filter((it) => it.startedAt !== null);
  const first = Math.min(...begun.map((it) => it.startedAt ?? now));
  const last = Math.max(
    ...begun.map((it) => (it.durationMs === null ? now : (it.startedAt ?? now) + it.durationMs)),
  );
  return begun.length > 0 ? Math.max(0, last - first) : null;
}
