/** Something that a page reads from the API: on its way, there, or not to be had. */
import type { Outcome } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

export class Remote<T> {
  data: T | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  loading: boolean = $state(false);
  readonly #read: () => Promise<Outcome<T>>;
  #turn = 0;

  constructor(read: () => Promise<Outcome<T>>) {
    this.#read = read;
  }

  /** Reads, or reads again. What is there stays until there is something newer. */
  load = async (): Promise<void> => {
    this.#turn += 1;
    const turn = this.#turn;
    this.loading = true;
    const { data, problem } = await this.#read();
    if (turn !== this.#turn) return;
    this.loading = false;
    this.problem = problem ?? null;
    if (!problem) this.data = data;
  };

  set(data: T): void {
    this.#turn += 1;
    this.loading = false;
    this.problem = null;
    this.data = data;
  }
}
