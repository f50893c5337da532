import { invalid } from "../errors/invalid-request-error.ts";
import { checkNames } from "./names.ts";

/** How often and how long to retry. */
export interface RetryConfig {
  /** How many retries after the first attempt. Default: 5. Use 0 for none. */
  readonly maxRetries?: number;
  /** The upper bound of the first wait in milliseconds. Default: 500. */
  readonly initialIntervalMs?: number;
  /** The factor by which the upper bound grows with each wait. Default: 1.5. */
  readonly exponent?: number;
  /** The longest wait in milliseconds, even if the server asks for more. Default: 30,000. */
  readonly maxIntervalMs?: number;
  /** The latest end of a wait, in milliseconds after the first attempt began. Default: 120,000. */
  readonly maxElapsedMs?: number;
}

/** A status to retry: a number, or a class such as `"5XX"`. */
export type RetryCode = number | `${number}` | "4XX" | "5XX";

/** A complete retry policy. */
export interface RetryPolicy extends Required<RetryConfig> {
  /** Matches the statuses to retry. */
  readonly codes: RegExp;
}

const DEFAULT_NUMBERS: Required<RetryConfig> = {
  maxRetries: 5,
  initialIntervalMs: 500,
  exponent: 1.5,
  maxIntervalMs: 30_000,
  maxElapsedMs: 120_000,
};
const DEFAULT_POLICY: RetryPolicy = { ...DEFAULT_NUMBERS, codes: /429|50[0234]/ };

/** The longest delay that the timers of every runtime support. */
const MAX_MS = 2 ** 31 - 1;

/** Completes a configuration, or a number of retries, with the values of `base`. */
export function retryPolicy(
  retries: RetryConfig | number | undefined,
  codes: readonly RetryCode[] | undefined,
  base: RetryPolicy = DEFAULT_POLICY,
): RetryPolicy {
  if (retries === undefined && codes === undefined) return base;
  const numbers: RetryConfig = typeof retries === "number" ? { maxRetries: retries } : { ...retries };
  checkNames(numbers, DEFAULT_NUMBERS, "retries.");
  const policy = { ...base, codes: codes ? codePattern(codes) : base.codes };
  for (const [key, value] of Object.entries(numbers))
    if (value !== undefined) Object.assign(policy, { [key]: bounded(`retries.${key}`, value, 0) });
  return policy;
}

/** Checks that a number is between `least` and the longest timer delay. */
export function bounded(field: string, value: unknown, least: number): number {
  if (typeof value === "number" && value >= least && value <= MAX_MS) return value;
  throw invalid(field, `must be from ${least} to ${MAX_MS}`);
}

/** Checks a time limit in milliseconds. Undefined means no limit. */
export function timeLimit(ms: number | undefined): number | undefined {
  return ms === undefined ? ms : bounded("timeoutMs", ms, 1);
}

function codePattern(codes: readonly RetryCode[]): RegExp {
  for (const code of codes) {
    if (!/^[45](\d\d|XX)$/.test(String(code))) throw invalid("retryCodes", 'must be 400 to 599, "4XX" or "5XX"');
  }
  return new RegExp(codes.join("|").replaceAll("X", "\\d") || "-"); // No status matches "-".
}
