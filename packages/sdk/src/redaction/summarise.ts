import { scrub } from "./scrub.ts";

const MAX_DEPTH = 4;
const MAX_LENGTH = 500;

/** A summary of a foreign error that is safe to print: its name, its `code`, its scrubbed message and its causes. */
export interface ForeignError extends Error {
  /** The foreign error's own code, such as `ECONNREFUSED`. */
  readonly code?: string;
  readonly cause?: ForeignError;
}

/**
 * Summarises a foreign error. All other members are dropped, because HTTP clients attach requests, headers and whole
 * configurations to their errors.
 */
export function summarise(foreign: unknown, secret?: string, depth = 0): ForeignError {
  const { name, message, code, cause, errors } = Object(foreign);
  const inner = cause ?? errors?.[0];
  const summary = new Error(scrub(String(message ?? ""), secret).slice(0, MAX_LENGTH));
  if (inner && depth < MAX_DEPTH) Object.assign(summary, { cause: summarise(inner, secret, depth + 1) });
  for (const [key, value] of Object.entries({ name, code })) {
    if (value && /^\w{1,64}$/.test(scrub(String(value), secret))) Object.assign(summary, { [key]: value });
  }
  summary.stack = `${summary.name}: ${summary.message}`; // The foreign stack repeats the foreign message.
  return summary as ForeignError;
}
