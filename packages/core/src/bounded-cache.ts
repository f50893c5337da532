/** A map that forgets what was used longest ago once it holds more than its capacity. */
export class BoundedCache<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  /** Where the oldest entry is looked for: a Map is long in passing over what was deleted at its beginning. */
  readonly #oldestFirst = this.#entries.keys();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key); // a Map keeps the order of insertion: the oldest is first
    this.#entries.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return;
    const oldest = this.#oldestFirst.next(); // all before it were deleted or set anew, so none is passed over
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
