/** What pays for one project, with a change of plan that nobody but this page knows of yet. */
import { api, ask } from '../api/client.ts';
import type { Plan, Subscription } from '../api/types.ts';
import { Remote } from './remote.svelte.ts';

/** A charge may take a while, and our records learn of it a moment later. */
const HEARD_OF_MS = 120_000;

export class ProjectSubscription extends Remote<Subscription> {
  #asked: Plan['id'] | null = $state(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string) {
    const params = { path: { id } };
    super(() => ask(api.GET('/api/projects/{id}/subscription', { params })));
  }

  /**
   * The plan that is on its way to the instance. One that was accepted counts though the records do
   * not show it yet, for two minutes: what they do not show by then has not been paid.
   */
  get changingTo(): Plan['id'] | null {
    const it = this.data;
    if (it === null) return null;
    if (it.plan_change) return it.plan_change.plan;
    return it.plan === this.#asked ? null : this.#asked;
  }

  /** A change to `plan` was accepted, and `answer` is what is so. */
  accepted(plan: Plan['id'], answer: Subscription): void {
    this.#asked = plan;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#asked = null;
    }, HEARD_OF_MS);
    this.set(answer);
  }
}
