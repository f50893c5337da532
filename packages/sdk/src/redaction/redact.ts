/**
 * Keeps secrets out of whatever prints: objects that show a stand-in for themselves, texts with secrets taken out, and
 * foreign errors boiled down. It stands apart because every other folder must go through it.
 */

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

// Node's, Bun's and mostly Deno's `inspect` call the first; Deno's calls the second on objects of its own, as Request.
const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const DENO_INSPECT = Symbol.for("Deno.privateCustomInspect");

/** Makes `target` show what `view` returns to `inspect`, `console.log` and `JSON.stringify`; its members stay as they are. */
export function redact<T extends object>(target: T, view: () => unknown): T {
  const hidden = (value: unknown): PropertyDescriptor => ({ value, configurable: true });
  return Object.defineProperties(target, {
    toJSON: hidden(view),
    [INSPECT]: hidden(view),
    [DENO_INSPECT]: hidden((inspect: (value: unknown) => string) => inspect(view())),
  });
}
