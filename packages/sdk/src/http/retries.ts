import type { Clock } from "../clock.ts";
import { ConnectionError } from "../errors/connection-error.ts";
import { RequestTimeoutError } from "../errors/request-timeout-error.ts";
import { type RetryPolicy, retriesOn } from "../settings/retry-config.ts";
import { pause } from "./pause.ts";
import { retryAfter } from "./retry-after.ts";

/** What is tried, and when it may be tried again. */
export interface Retrying<T> {
  readonly policy: RetryPolicy;
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  readonly signal: AbortSignal | null | undefined;
  attempt(): Promise<T>;
  /** Lets go of an answer that will not be used. */
  discard(answer: T): void;
}

/** Tries until an outcome is final, the policy is used up, or the signal is aborted; gives the last outcome. */
export async function withRetries<T extends { readonly status: number; readonly headers: Headers }>(
  ports: { readonly clock: Clock; readonly random: () => number },
  call: Retrying<T>,
): Promise<T> {
  const { clock, random } = ports;
  const { policy } = call;
  const start = clock.monotonic();
  for (let retry = 0; ; retry++) {
    let answer: T | undefined;
    let failure: unknown;
    try {
      answer = await call.attempt();
      if (!retriesAnswer(call, answer.status)) return answer;
    } catch (error) {
      if (!retriesError(call, error)) throw error;
      failure = error;
    }
    const most = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.exponent ** retry);
    const asked = answer === undefined ? undefined : retryAfter(answer.headers, clock);
    const ms = asked === undefined ? random() * most : Math.min(policy.maxIntervalMs, asked);
    if (retry >= policy.maxRetries || clock.monotonic() - start + ms > policy.maxElapsedMs) {
      if (answer === undefined) throw failure;
      return answer;
    }
    if (answer !== undefined) call.discard(answer);
    await pause(clock, ms, call.signal);
  }
}

function retriesAnswer(
  { policy, idempotent }: Pick<Retrying<unknown>, "policy" | "idempotent">,
  status: number,
): boolean {
  // After another status than 429 the server may have done the work.
  return status >= 400 && retriesOn(policy, status) && (idempotent || status === 429);
}

function retriesError({ idempotent }: Pick<Retrying<unknown>, "idempotent">, error: unknown): boolean {
  const noAnswer = error instanceof ConnectionError || error instanceof RequestTimeoutError;
  return noAnswer && (idempotent || !error.mayHaveArrived);
}
