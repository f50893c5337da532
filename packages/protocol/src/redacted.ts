/**
 * A value that must not be seen: it prints, serialises and inspects as `[redacted]`, and only `reveal` gives it out.
 * Does not wipe it from memory.
 */
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

  // What Node, Bun and Deno ask when they print an object
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return mark;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return mark;
  }
}

const mark = "[redacted]";
