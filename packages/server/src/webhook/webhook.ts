import type { Clock, RandomSource } from "@carnet/core/ports";
import type { Redacted } from "@carnet/protocol/redacted";
import type { Log } from "../log/logger.ts";
import { version } from "../version.ts";
import { type PostOutcome, postWebhook } from "./post-webhook.ts";
import { signWebhook } from "./sign-webhook.ts";
import { type Batch, fillBatch, maxEvents, webhookBody } from "./webhook-message.ts";
import { type Lease, maxPause, type WebhookQueue } from "./webhook-queue.ts";

/**
 * Sends the events in the store to one receiver, in order and at least once: the position moves only after the receiver
 * has answered 2xx.
 */
export interface Webhook {
  /** Sends what is waiting, unless another process does or it is not yet time to try again. */
  deliver(): Promise<void>;
  /** Ends a request that is under way, and lets another process continue. */
  stop(): void;
}

export interface WebhookPorts {
  readonly queue: WebhookQueue;
  /** Chat services put a secret into the path, so only the host is ever logged. */
  readonly url: Redacted<string>;
  readonly key: Redacted<Uint8Array>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Milliseconds until a request without an answer has failed. */
  readonly timeout: number;
}

/** The pause after the first failure, and the longest, in milliseconds. */
const firstPause = 1000;
const longestPause = 600_000;

/** How long the receiver may refuse an event before it is skipped, in milliseconds. */
const maxRefused = 86_400_000;

export function createWebhook(ports: WebhookPorts): Webhook {
  const stopping = new AbortController();
  return {
    async deliver() {
      while (!stopping.signal.aborted && (await deliverBatch(ports, stopping.signal))) {}
    },
    stop: () => stopping.abort(),
  };
}

/** Returns whether a batch was delivered, so that there may be another. */
async function deliverBatch(ports: WebhookPorts, stopped: AbortSignal): Promise<boolean> {
  const { queue, url, key, clock, log, timeout } = ports;
  const lease = await queue.lease(clock.now());
  if (lease === undefined) return false;
  const { host } = new URL(url.reveal());
  if (lease.newlySkipped > 0) {
    log.warn("webhook_events_skipped", { host, events: lease.newlySkipped, reason: "too old, or too many" });
  }
  // After a failure one at a time, so that an event that the receiver refuses does not hold up the others
  const batch = await fillBatch(queue.after(lease.delivered), lease.attempts === 0 ? maxEvents : 1);
  if (batch === undefined) {
    await queue.release(lease, { ...lease, nextAttemptAt: 0 });
    return false;
  }
  const body = webhookBody(batch.events, lease.skipped);
  const signed = signWebhook(body, clock.now(), key.reveal());
  const headers = { "user-agent": `carnet/${version}`, ...signed };
  const outcome = await postWebhook({ url: url.reveal(), headers, body, stopped, timeout });
  await settle({ ports, lease, batch, host }, outcome);
  return outcome.kind === "delivered";
}

interface Attempt {
  readonly ports: WebhookPorts;
  readonly lease: Lease;
  readonly batch: Batch;
  readonly host: string;
}

/** Stores what follows from an attempt. */
async function settle({ ports, lease, batch, host }: Attempt, outcome: PostOutcome): Promise<void> {
  const { queue, clock, log, random } = ports;
  const done = { delivered: batch.last, attempts: 0, refusedSince: null, nextAttemptAt: 0 };
  if (outcome.kind === "stopped") return queue.release(lease, { ...lease, nextAttemptAt: 0 });
  if (outcome.kind === "delivered") {
    if (lease.attempts > 0) log.info("webhook_recovered", { host, attempts: lease.attempts });
    return queue.release(lease, { ...done, skipped: 0 });
  }
  const now = clock.now();
  const { kind, reason } = outcome;
  const refusedSince = lease.refusedSince ?? (kind === "refused" ? now : null);
  if (kind === "refused" && refusedSince !== null && now - refusedSince >= maxRefused) {
    const events = batch.events.length;
    log.warn("webhook_events_skipped", { host, events, reason: `refused for 24 hours: ${reason}` });
    return queue.release(lease, { ...done, skipped: lease.skipped + events });
  }
  const attempts = lease.attempts + 1;
  const pause = Math.max(backoff(attempts, random), requestedPause(outcome.retryAfter, now));
  log.warn("webhook_failed", { host, reason, attempts, retryInSeconds: Math.round(pause / 1000) });
  return queue.release(lease, { ...lease, attempts, refusedSince, nextAttemptAt: now + pause });
}

/** Doubles with each attempt. The random part keeps many services from returning to a receiver at the same moment. */
function backoff(attempts: number, random: RandomSource): number {
  const full = Math.min(firstPause * 2 ** attempts, longestPause);
  const share = (random.bytes(1)[0] ?? 0) / 255;
  return Math.round((full / 2) * (1 + share));
}

/** What `Retry-After` asks for, in milliseconds. @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function requestedPause(retryAfter: string | null, now: number): number {
  if (retryAfter === null) return 0;
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return asked > 0 ? Math.min(asked, maxPause) : 0;
}
