import { scrub } from "./scrub.ts";

const DEPTH = 4;
const LENGTH = 500;

/** A foreign error boiled down to what is safe to print: its name, its `code`, its scrubbed message, its causes. */
export interface ForeignError extends Error {
  /** The foreign error's own code, such as `ECONNREFUSED`. */
  readonly code?: string;
  readonly cause?: ForeignError;
}

/**
 * Boils a foreign error down. Its other members are left behind, since HTTP clients hang requests, headers and whole
 * configurations on their errors.
 */
export function summarise(foreign: unknown, secret?: string, depth = 0): ForeignError {
  const { name, message, code, cause, errors } = Object(foreign);
  const inner = cause ?? errors?.[0];
  const summary = new Error(scrub(String(message ?? ""), secret).slice(0, LENGTH));
  if (inner && depth < DEPTH) Object.assign(summary, { cause: summarise(inner, secret, depth + 1) });
  for (const [key, value] of Object.entries({ name, code })) {
    if (value && /^\w{1,64}$/.test(scrub(String(value), secret))) Object.assign(summary, { [key]: value });
  }
  summary.stack = `${summary.name}: ${summary.message}`; // The foreign stack repeats the foreign message.
  return summary as ForeignError;
}
