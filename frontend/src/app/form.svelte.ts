/** A form on its way to the API: busy or not, and what was wrong with it. */
import { tick } from 'svelte';
import type { Outcome } from '../api/client.ts';
import type { Problem } from '../api/problem.ts';

export class Form<Field extends string> {
  busy: boolean = $state(false);
  /** Sentences by field. */
  errors: Partial<Record<Field, string>> = $state({});
  /** What is wrong with none of the fields. */
  notice: string | null = $state(null);
  readonly #fields: readonly Field[];

  constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  clear(field: Field): void {
    delete this.errors[field];
  }

  /**
   * Sends, unless `faults` found something wrong already. Shows what was refused at its field and
   * moves the focus to the first one. What was typed stays where it is.
   */
  async send<T>(
    event: SubmitEvent,
    faults: Partial<Record<Field, string | null>>,
    call: () => Promise<Outcome<T>>,
  ): Promise<T | undefined> {
    event.preventDefault();
    if (this.busy) return undefined;
    const form = event.currentTarget as HTMLFormElement;
    this.notice = null;
    this.errors = {};
    for (const field of this.#fields) {
      const fault = faults[field];
      if (fault) this.errors[field] = fault;
    }
    if (Object.keys(this.errors).length > 0) {
      await focusFirstFault(form);
      return undefined;
    }
    this.busy = true;
    const { data, problem } = await call();
    this.busy = false;
    if (!problem) return data;
    this.refuse(problem);
    await focusFirstFault(form);
    return undefined;
  }

  refuse(problem: Problem): void {
    const elsewhere: string[] = [];
    for (const [field, message] of Object.entries(problem.fields)) {
      if (this.#fields.includes(field as Field)) this.errors[field as Field] = message;
      else elsewhere.push(message);
    }
    const shown = Object.keys(this.errors).length > 0;
    this.notice = elsewhere.join(' ') || (shown ? null : problem.message);
  }
}

async function focusFirstFault(form: HTMLFormElement): Promise<void> {
  await tick();
  const first =
    form.querySelector<HTMLElement>('[aria-invalid="true"]') ??
    form.querySelector<HTMLElement>('[role="alert"]');
  if (first?.role === 'alert') first.tabIndex = -1;
  first?.focus();
}
