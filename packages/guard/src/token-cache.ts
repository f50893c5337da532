/**
 * Remembers a bounded number of values by token, in two generations: when the young one is full, it becomes the old one and
 * the old one is dropped. Costs less than an LRU list, and what is used stays.
 */
export class TokenCache<Value> {
  readonly #limit: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** @param limit the number of tokens; with 0 nothing is remembered */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(token: string): Value | undefined {
    const young = this.#young.get(token);
    if (young !== undefined) return young;
    const old = this.#old.get(token);
    if (old !== undefined) this.set(token, old);
    return old;
  }

  set(token: string, value: Value): void {
    if (this.#limit === 0) return;
    if (this.#young.size >= this.#limit / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(token, value);
  }

  delete(token: string): void {
    this.#young.delete(token);
    this.#old.delete(token);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
