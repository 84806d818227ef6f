/** Names for "the same request", so that sending a form twice makes one thing. */

/**
 * Gives the same key for the same content, and a new one when the content changed: the API takes a
 * key for one request only.
 */
export class RepeatKey {
  #content: string | null = null;
  #key = '';
  readonly #mint: () => string;

  constructor(mint: () => string = () => crypto.randomUUID()) {
    this.#mint = mint;
  }

  of(content: unknown): string {
    const text = JSON.stringify(content);
    if (text !== this.#content) {
      this.#content = text;
      this.#key = this.#mint();
    }
    return this.#key;
  }
}
