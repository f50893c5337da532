/** A secret value: prints, serialises and inspects as `[redacted]`; only `reveal` returns it. Does not wipe memory. */
export class Redacted<Value> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  reveal(): Value {
    return this.#value;
  }

  toString(): string {
    return mark;
  }

  toJSON(): string {
    return mark;
  }

  // Node, Bun and Deno call these to print an object
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return mark;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return mark;
  }
}

const mark = "[redacted]";
