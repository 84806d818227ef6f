/** The way to the page of the payment provider on which a project is paid for. */
import { api, ask } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';
import type { Project } from '../api/types.ts';
import { type Price, shownPrice } from '../model/plan.ts';

/** What was shown, and what it costs by now. */
export interface PriceChange {
  was: Price;
  now: Price;
}

export class Checkout {
  /** Also while the browser is leaving for the page. */
  busy: boolean = $state(false);
  problem: Problem | null = $state.raw(null);
  /** Set: nothing was opened, since it costs something else by now. Whoever pays is to say so again. */
  change: PriceChange | null = $state.raw(null);

  /**
   * Goes to the page where `project` is paid for, at the price that was `shown`. `false`: it did not
   * open, and `problem` or `change` says why.
   */
  async open(project: Pick<Project, 'id' | 'plan'>, shown: Price | null): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    this.change = null;
    const params = { path: { id: project.id } };
    const sent = shown && { body: { price_minor: shown.minor, currency: shown.currency } };
    const page = await ask(api.POST('/api/projects/{id}/checkout', { params, ...sent }));
    if (page.data) {
      location.assign(page.data.checkout_url);
      return true;
    }
    const changed = page.problem.kind === 'price-changed' && shown;
    this.change = changed ? await changeOf(project.plan, shown) : null;
    // Without the new price there is nothing to agree to: the words of the API have to do.
    this.problem = this.change ? null : page.problem;
    this.busy = false;
    return false;
  }

  /** The browser has come back from the page. */
  cameBack = (): void => {
    this.busy = false;
  };
}

async function changeOf(plan: Project['plan'], was: Price): Promise<PriceChange | null> {
  const { data } = await ask(api.GET('/api/plans'));
  const now = shownPrice(plan, data ?? null);
  const differs = now && (now.minor !== was.minor || now.currency !== was.currency);
  return differs ? { was, now } : null;
}
