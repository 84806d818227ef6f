import { describe, expect, test } from 'vitest';
import type { Step } from '../../src/api/types.ts';
import { announcement, storyOf, titleOf, totalMs } from '../../src/model/steps.ts';

const T0 = Date.parse('2026-11-21T12:00:00Z');
const step = (name: string, state: Step['state'], atS: number, tookS: number | null): Step => ({
  name,
  state,
  started_at: new Date(T0 + atS * 1000).toISOString(),
  duration_ms: tookS === null ? null : tookS * 1000,
});
const marks = (steps: Step[], state: Parameters<typeof storyOf>[1]) =>
  storyOf(steps, state).map((it) => `${it.title}: ${it.mark}`);

describe('the story of a provisioning', () => {
  test('shows all that is to come before anything began', () => {
    const lines = storyOf([], 'pending');
    expect(lines).toHaveLength(8);
    expect(lines.every((it) => it.mark === 'waiting')).toBe(true);
  });

  test('shows what happened, then what is still to come', () => {
    const steps = [
      step('Begin', 'done', 0, 1),
      step('HoldingPage', 'done', 1, 1),
      step('Reserve', 'running', 2, null),
    ];
    expect(marks(steps, 'provisioning')).toEqual([
      'Take up the order: done',
      'Set up the web address: done',
      'Reserve a place on a server: running',
      'Get the server ready: waiting',
      'Start the agent: waiting',
      'Wait until it answers: waiting',
      'Lead the address to it: waiting',
      'Hand it over: waiting',
    ]);
  });

  test('a purchase is shown only when it happens, and what follows it stays to come', () => {
    const steps = [step('Reserve', 'done', 0, 1), step('BuyWorker', 'running', 1, null)];
    expect(marks(steps, 'provisioning').slice(0, 3)).toEqual([
      'Reserve a place on a server: done',
      'Order a new server: running',
      'Get the server ready: waiting',
    ]);
  });

  test('nothing is to come after a failure', () => {
    const steps = [step('Begin', 'undone', 0, 1), step('Launch', 'failed', 1, 2)];
    expect(marks(steps, 'error')).toEqual(['Take up the order: undone', 'Start the agent: failed']);
    expect(marks(steps, 'provisioning')).toHaveLength(2);
  });

  test('a step that this site does not know is called by its own name', () => {
    expect(titleOf('RestoreBackup')).toBe('Restore backup');
  });

  test('is announced in one sentence', () => {
    expect(announcement([], 'pending')).toBe('Waiting for the first step.');
    const running = storyOf([step('Launch', 'running', 0, null)], 'provisioning');
    expect(announcement(running, 'provisioning')).toBe('Working on: Start the agent.');
    expect(announcement(running, 'running')).toBe('Your agent is running.');
    expect(announcement(running, 'error')).toBe('Setting up your agent failed.');
  });

  test('counts from the first step to now, or to the end of the last one', () => {
    const done = storyOf([step('Begin', 'done', 0, 1), step('Launch', 'done', 2, 3)], 'running');
    expect(totalMs(done, T0 + 60_000)).toBe(5_000);
    const under = storyOf([step('Begin', 'running', 0, null)], 'provisioning');
    expect(totalMs(under, T0 + 7_000)).toBe(7_000);
    expect(totalMs(under, T0 - 7_000)).toBe(0);
    expect(totalMs(storyOf([], 'pending'), T0)).toBeNull();
  });
});
