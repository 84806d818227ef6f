/** Looks again and again at something that changes, more seldom the longer it takes. */
import { untrack } from 'svelte';
import { isUnanswered } from '../api/problem.ts';
import { nextLookMs } from '../model/polling.ts';
import type { Remote } from './remote.svelte.ts';

/**
 * Reads `remote` now, and again for as long as `moving` says that it may change by itself. Rests
 * while nobody looks at the page, and looks at once when somebody does again.
 *
 * To be called while a component is made: it stops with the component.
 */
export function watch<T>(remote: Remote<T>, moving: () => boolean): void {
  const on = $derived(moving());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let failures = 0;
  let since = Date.now();

  /** Worth another look by itself: it moves, or nobody could say. */
  function open(): boolean {
    return remote.problem ? isUnanswered(remote.problem) : on;
  }

  function plan() {
    clearTimeout(timer);
    if (stopped || document.hidden || !open()) return;
    timer = setTimeout(look, nextLookMs(Date.now() - since, failures));
  }

  async function look() {
    clearTimeout(timer);
    await remote.load();
    failures = remote.problem ? failures + 1 : 0;
    plan();
  }

  function wake() {
    if (document.hidden) return;
    since = Date.now();
    void look();
  }

  $effect(() => {
    void untrack(look);
    document.addEventListener('visibilitychange', wake);
    addEventListener('online', wake);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
      removeEventListener('online', wake);
    };
  });

  // Each beginning of motion, a retry for one, begins a new count.
  $effect(() => {
    if (!on) return;
    since = Date.now();
    untrack(plan);
  });
}
