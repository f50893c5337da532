import type { QueuedEvent } from "./webhook-message.ts";

/** Longer than a request and the commit after it take; so a killed process is replaced within half a minute. */
export const leaseTime = 30_000;
/** A receiver that asks for a longer pause is asked again after this time, in milliseconds. */
export const maxPause = 3_600_000;
/** Older events are skipped, so that a webhook that was turned off does not start with history, in milliseconds. */
export const maxAge = 7 * 86_400_000;
/** If more events wait, the oldest are skipped. */
export const maxWaiting = 100_000;

/**
 * The events that wait for delivery. They are those in the store after the last one delivered, so none is stored twice.
 * One process at a time delivers: the one that has the lease.
 */
export interface WebhookQueue {
  /** Lets the queue begin with the events after this call, unless it has begun before. */
  begin(): Promise<void>;
  /** Leases the queue and skips what has waited too long. Undefined: another process has it, or nothing is due. */
  lease(now: number): Promise<Lease | undefined>;
  /** The events after a number, in order. */
  after(number: number): AsyncIterable<QueuedEvent>;
  /** Ends a lease and stores the next state. Does nothing if another process has taken over. */
  release(lease: Lease, next: Delivery & { readonly nextAttemptAt: number }): Promise<void>;
}

/** How far the delivery is. */
export interface Delivery {
  /** The number of the last event that was delivered or skipped. */
  readonly delivered: number;
  /** Events that were skipped since the last delivery. */
  readonly skipped: number;
  /** Failed attempts since the last delivery. */
  readonly attempts: number;
  /** When the receiver first refused what is still to be delivered. */
  readonly refusedSince: number | null;
}

export interface Lease extends Delivery {
  readonly leasedUntil: number;
  /** How many of the skipped events were skipped by this call. */
  readonly newlySkipped: number;
}
