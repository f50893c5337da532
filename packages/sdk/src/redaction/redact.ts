/**
 * Keeps secrets out of whatever prints: objects that show a stand-in for themselves, texts with secrets taken out, and
 * foreign errors boiled down. It stands apart because every other folder must go through it.
 */

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

// Node's and Bun's `inspect`, and Deno's, each call the method of their own name; none needs an import.
const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const DENO_INSPECT = Symbol.for("Deno.customInspect");

/** Makes `target` show what `view` returns to `inspect`, `console.log` and `JSON.stringify`; its members stay as they are. */
export function redact<T extends object>(target: T, view: () => unknown): T {
  const hidden = { value: view, enumerable: false };
  return Object.defineProperties(target, { [INSPECT]: hidden, [DENO_INSPECT]: hidden, toJSON: hidden });
}
