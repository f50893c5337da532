import { type Scrub, scrubber } from "./scrub.ts";

const DEPTH = 4;
const LENGTH = 500;

/** A foreign error boiled down to what is safe to print: its name, its `code`, its scrubbed message, its causes. */
export interface ForeignError extends Error {
  /** The foreign error's own code, such as `ECONNREFUSED`. */
  readonly code?: string;
  /** The system call that failed, such as `connect`. */
  readonly syscall?: string;
}

/**
 * Boils a foreign error down. Its other members are left behind, since HTTP clients hang requests, headers and whole
 * configurations on their errors.
 */
export function summarise(foreign: unknown, scrub: Scrub = scrubber([]), depth = 0): ForeignError {
  const { name, message, code, syscall, cause, errors } = Object(foreign);
  const inner = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  const summary = new Error(scrub(typeof message === "string" ? message : "").slice(0, LENGTH));
  if (inner && depth < DEPTH) summary.cause = summarise(inner, scrub, depth + 1);
  for (const [key, value] of Object.entries({ name, code, syscall })) {
    if (typeof value === "string" && /^\w{1,64}$/.test(scrub(value))) Object.assign(summary, { [key]: value });
  }
  summary.stack = `${summary.name}: ${summary.message}`; // The foreign stack repeats the foreign message.
  return summary;
}
