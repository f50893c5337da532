import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import type { RequestOptions } from "../settings/options.ts";
import { type RetryPolicy, retryPolicy } from "../settings/retry-config.ts";
import type { Settings } from "../settings/settings.ts";
import { type Bodied, discard } from "./bounded-body.ts";
import { pause } from "./pause.ts";
import { retryAfter } from "./retry-after.ts";

interface Tried extends Bodied {
  readonly status: number;
  readonly headers: Headers;
}

/** What is tried, and when it may be tried again. */
export interface Retrying<T> {
  /** What the call sets for itself. */
  readonly options: Pick<RequestOptions, "retries" | "retryCodes" | "signal">;
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  attempt(): Promise<T>;
}

/** Tries until an outcome is final, the policy is used up, or the signal is aborted; gives the last outcome. */
export async function withRetries<T extends Tried>(
  { clock, random, retries }: Pick<Settings, "clock" | "random" | "retries">,
  call: Retrying<T>,
): Promise<T> {
  const { options } = call;
  const policy = retryPolicy(options.retries, options.retryCodes, retries);
  const start = clock.monotonic();
  for (let retry = 0; ; retry++) {
    let answer: T | undefined;
    let failure: unknown;
    try {
      answer = await call.attempt();
      if (!worthAgain(policy, call.idempotent, answer.status)) return answer;
    } catch (error) {
      if (!gotLost(error, call.idempotent)) throw error;
      failure = error;
    }
    const most = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.exponent ** retry);
    const asked = answer && retryAfter(answer.headers, clock);
    const ms = Math.min(policy.maxIntervalMs, asked ?? random() * most);
    const isOver = retry >= policy.maxRetries || clock.monotonic() - start + ms > policy.maxElapsedMs;
    if (isOver && answer) return answer;
    if (isOver) throw failure;
    if (answer) discard(answer);
    await pause(clock, ms, options.signal);
  }
}

/** Whether an answer may be another one next time; after another status than 429 the work may have been done. */
function worthAgain(policy: RetryPolicy, idempotent: boolean, status: number): boolean {
  return (idempotent || status === 429) && policy.codes.test(String(status));
}

/** Whether no answer came, and trying again does no harm. */
function gotLost(error: unknown, idempotent: boolean): boolean {
  const isLost = error instanceof ConnectionError || error instanceof RequestTimeoutError;
  return isLost && (idempotent || !error.mayHaveArrived);
}
