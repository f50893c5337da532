import { InvalidRequestError } from "../errors/invalid-request-error.ts";

/** How often and how long to try again. */
export interface RetryConfig {
  /** How many times after the first; 5 by default, 0 for never. */
  readonly maxRetries?: number | undefined;
  /** The first wait's upper bound in milliseconds; 500 by default. */
  readonly initialIntervalMs?: number | undefined;
  /** What each wait's upper bound is multiplied by; 1.5 by default. */
  readonly exponent?: number | undefined;
  /** No wait is longer, not even one that the server asks for; 30,000 ms by default. */
  readonly maxIntervalMs?: number | undefined;
  /** No wait ends later than this after the first attempt began; 120,000 ms by default. */
  readonly maxElapsedMs?: number | undefined;
}

/** A status to try again on: a number, or a class such as `"5XX"`. */
export type RetryCode = number | `${number}` | "4XX" | "5XX";

/** A retry policy with nothing left open. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly initialIntervalMs: number;
  readonly exponent: number;
  readonly maxIntervalMs: number;
  readonly maxElapsedMs: number;
  readonly codes: readonly string[];
}

const DEFAULT_POLICY: RetryPolicy = {
  maxRetries: 5,
  initialIntervalMs: 500,
  exponent: 1.5,
  maxIntervalMs: 30_000,
  maxElapsedMs: 120_000,
  codes: ["429", "500", "502", "503", "504"],
};

/** The longest wait that every runtime's timers can tell. */
export const MAX_MS = 2 ** 31 - 1;

/** Fills a configuration, or a mere number of retries, up from `base`. */
export function retryPolicy(
  retries: RetryConfig | number | undefined,
  codes: readonly RetryCode[] | undefined,
  base: RetryPolicy = DEFAULT_POLICY,
): RetryPolicy {
  if (retries === undefined && codes === undefined) return base;
  const given = typeof retries === "number" ? { maxRetries: retries } : (retries ?? {});
  return {
    maxRetries: bounded("retries.maxRetries", given.maxRetries ?? base.maxRetries, 0),
    initialIntervalMs: bounded("retries.initialIntervalMs", given.initialIntervalMs ?? base.initialIntervalMs, 0),
    exponent: bounded("retries.exponent", given.exponent ?? base.exponent, 1),
    maxIntervalMs: bounded("retries.maxIntervalMs", given.maxIntervalMs ?? base.maxIntervalMs, 0),
    maxElapsedMs: bounded("retries.maxElapsedMs", given.maxElapsedMs ?? base.maxElapsedMs, 0),
    codes: codes === undefined ? base.codes : codes.map(retryCode),
  };
}

/** Whether a policy tries again on a status. */
export function retriesOn(policy: RetryPolicy, status: number): boolean {
  return policy.codes.includes(String(status)) || policy.codes.includes(`${String(status)[0]}XX`);
}

/** Checks a number that must lie between `least` and what a timer can tell. */
export function bounded(field: string, value: unknown, least: number): number {
  if (typeof value === "number" && value >= least && value <= MAX_MS) return value;
  throw new InvalidRequestError(`${field} must be a number from ${least} to ${MAX_MS}.`, { field });
}

function retryCode(code: RetryCode): string {
  const text = String(code).toUpperCase();
  if (/^[45](\d\d|XX)$/.test(text)) return text;
  throw new InvalidRequestError('retryCodes must hold statuses from 400 to 599, "4XX" or "5XX".', {
    field: "retryCodes",
  });
}
