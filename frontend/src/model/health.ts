/** How an agent is doing, in the words of its page. */
import type { Project } from '../api/types.ts';
import { agoText } from './time.ts';

type Health = NonNullable<Project['health']>;

/** A line about an agent that is not well. */
export interface HealthLine {
  text: string;
  tone: 'info' | 'warn';
}

const TROUBLES: Record<string, string> = {
  silent: 'It does not answer',
  down: 'It does not run',
  crashing: 'It ends as often as it is started',
  refusing: 'It does not take its settings',
  gone: 'Its machine has lost it',
};

const SHORTAGES: Record<string, string> = {
  memory:
    'Your agent needed more memory than its plan has, and was stopped and started again several times within a day. A larger plan helps.',
  storage:
    'Your agent stores more than its plan has room for. Nothing is deleted, but have it tidy up, or choose a larger plan.',
};

/** What there is to say, the most urgent first. Nothing of one that is well. */
export function healthLines(health: Health | null, now: number): HealthLine[] {
  if (!health) return [];
  const short = health.short_of.map((it) => SHORTAGES[it]).filter((it) => it !== undefined);
  const lines: HealthLine[] = short.map((text) => ({ text, tone: 'info' }));
  const standing = standingLine(health, now);
  return standing ? [standing, ...lines] : lines;
}

function standingLine({ standing, since, why }: Health, now: number): HealthLine | null {
  const ago = since ? ` It began ${agoText(since, now)}.` : '';
  switch (standing) {
    case 'starting':
    case 'restarting':
      return {
        text: 'Your agent is being started again. This takes a minute at most.',
        tone: 'info',
      };
    case 'unwell':
      return {
        text: `Your agent is unwell. ${TROUBLES[why ?? ''] ?? 'It does not come back'}.${ago} We are at it: it is started again and, if that does not help, on another machine, with what it has stored.`,
        tone: 'warn',
      };
    default:
      return null;
  }
}

/** Whether there will be news soon. */
export const isRecovering = (health: Health | null | undefined): boolean =>
  health !== null && health !== undefined && health.standing !== 'ok';
