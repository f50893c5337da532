import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import type { RequestOptions } from "../settings/options.ts";
import { type RetryPolicy, retryPolicy } from "../settings/retry-config.ts";
import type { Settings } from "../settings/settings.ts";
import { discard, type HasBody } from "./bounded-body.ts";
import { pause } from "./pause.ts";
import { retryAfter } from "./retry-after.ts";

interface AttemptResult extends HasBody {
  readonly status: number;
  readonly headers: Headers;
}

/** A call that may be retried. */
export interface RetriedCall<T> {
  /** Overrides for this call. */
  readonly options: Pick<RequestOptions, "retries" | "retryCodes" | "signal">;
  /** Whether repeating it has no further effect. */
  readonly idempotent: boolean;
  attempt(): Promise<T>;
}

/** Retries until the outcome is final, the policy is exhausted or the signal is aborted. Returns the last outcome. */
export async function withRetries<T extends AttemptResult>(
  settings: Pick<Settings, "clock" | "closing" | "random" | "retries" | "onRetry">,
  call: RetriedCall<T>,
): Promise<T> {
  const { clock, random, retries, onRetry } = settings;
  const { options } = call;
  const policy = retryPolicy(options.retries, options.retryCodes, retries);
  const start = clock.monotonic();
  for (let retry = 0; ; retry++) {
    let answer: T | undefined;
    let failure: ConnectionError | RequestTimeoutError | undefined;
    try {
      answer = await call.attempt();
      if (!isRetryableStatus(policy, call.idempotent, answer.status)) return answer;
    } catch (error) {
      if (!isRetryableFailure(error, call.idempotent)) throw error;
      failure = error;
    }
    const most = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.exponent ** retry);
    const asked = answer && retryAfter(answer.headers, clock);
    const ms = Math.min(policy.maxIntervalMs, asked ?? random() * most);
    const isOver = retry >= policy.maxRetries || clock.monotonic() - start + ms > policy.maxElapsedMs;
    if (isOver && answer) return answer;
    if (isOver) throw failure;
    if (answer) discard(answer);
    const attempts = policy.maxRetries + 1;
    onRetry({ attempt: retry + 2, attempts, waitMs: ms, status: answer?.status, error: failure });
    await pause(settings, ms, options.signal);
  }
}

/** Whether to retry a status. If not idempotent, only 429 is safe: any other response may mean that the work was done. */
function isRetryableStatus(policy: RetryPolicy, idempotent: boolean, status: number): boolean {
  return (idempotent || status === 429) && policy.codes.test(String(status));
}

/** Whether the request got no response and is safe to repeat. */
function isRetryableFailure(error: unknown, idempotent: boolean): error is ConnectionError | RequestTimeoutError {
  const isLost = error instanceof ConnectionError || error instanceof RequestTimeoutError;
  if (!isLost || ("untrusted" in error && error.untrusted)) return false;
  return idempotent || !error.mayHaveArrived;
}
