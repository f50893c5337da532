/**
 * Keeps secrets out of printed output: objects with a safe view, text with secrets removed, and summaries of foreign
 * errors. It is a folder of its own because every other folder uses it.
 */

/** Replaces a secret in printed output. */
export const REDACTED = "[redacted]";

// `inspect` of Node, Bun and mostly Deno uses the first. Deno uses the second for its own classes, such as Request.
const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const DENO_INSPECT = Symbol.for("Deno.privateCustomInspect");

/** Makes `inspect`, `console.log` and `JSON.stringify` show `view()` instead of `target`. Its members stay readable. */
export function redact<T extends object>(target: T, view: () => unknown): T {
  const hidden = (value: unknown): PropertyDescriptor => ({ value, configurable: true });
  return Object.defineProperties(target, {
    toJSON: hidden(view),
    [INSPECT]: hidden(view),
    [DENO_INSPECT]: hidden((inspect: (value: unknown) => string) => inspect(view())),
  });
}
