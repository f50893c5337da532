import { invalid } from "../errors/invalid-request-error.ts";

/** How often and how long to try again. */
export interface RetryConfig {
  /** How many times after the first; 5 by default, 0 for never. */
  readonly maxRetries?: number;
  /** The first wait's upper bound in milliseconds; 500 by default. */
  readonly initialIntervalMs?: number;
  /** What each wait's upper bound is multiplied by; 1.5 by default. */
  readonly exponent?: number;
  /** No wait is longer, not even one that the server asks for; 30,000 ms by default. */
  readonly maxIntervalMs?: number;
  /** No wait ends later than this after the first attempt began; 120,000 ms by default. */
  readonly maxElapsedMs?: number;
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
  /** Which statuses are tried again. */
  readonly codes: RegExp;
}

const DEFAULT_POLICY: RetryPolicy = {
  maxRetries: 5,
  initialIntervalMs: 500,
  exponent: 1.5,
  maxIntervalMs: 30_000,
  maxElapsedMs: 120_000,
  codes: /429|50[0234]/,
};

/** The longest wait that every runtime's timers can tell. */
const MAX_MS = 2 ** 31 - 1;

/** Fills a configuration, or a mere number of retries, up from `base`. */
export function retryPolicy(
  retries: RetryConfig | number | undefined,
  codes: readonly RetryCode[] | undefined,
  base: RetryPolicy = DEFAULT_POLICY,
): RetryPolicy {
  if (retries === undefined && codes === undefined) return base;
  const numbers = typeof retries === "number" ? { maxRetries: retries } : retries;
  for (const [key, value] of Object.entries(numbers ?? {})) bounded(`retries.${key}`, value, 0);
  return { ...base, ...numbers, codes: codes ? codePattern(codes) : base.codes };
}

/** Checks a number that must lie between `least` and what a timer can tell. */
function bounded(field: string, value: unknown, least: number): number {
  if (typeof value === "number" && value >= least && value <= MAX_MS) return value;
  throw invalid(field, `must be from ${least} to ${MAX_MS}`);
}

/** Checks a limit in milliseconds; undefined is none. */
export function timeLimit(ms: number | undefined): number | undefined {
  return ms === undefined ? ms : bounded("timeoutMs", ms, 1);
}

function codePattern(codes: readonly RetryCode[]): RegExp {
  for (const code of codes) {
    if (!/^[45](\d\d|XX)$/.test(String(code))) throw invalid("retryCodes", 'must be 400 to 599, "4XX" or "5XX"');
  }
  return new RegExp(codes.join("|").replaceAll("X", "\\d") || "-"); // No status matches the dash.
}
