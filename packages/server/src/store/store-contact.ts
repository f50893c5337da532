import type { Clock } from "@carnet/core/ports";
import type { Log } from "../log/logger.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

export interface StoreContactPorts {
  readonly clock: Clock;
  /** Milliseconds since any fixed instant. Not by the clock, because setting it back must not lengthen the grace. */
  elapsed(): number;
  readonly log: Log;
  /** How long clients in memory still get tokens after the store was last heard from, in milliseconds. */
  readonly grace: number;
  /** Forgets the clients in memory. */
  forgetAll(): void;
}

/** What holds while the store is away. Times are milliseconds since the epoch. */
export interface StoreGrace {
  /** When the store was last heard from. */
  readonly since: number;
  /** When clients in memory get no more tokens. */
  readonly ends: number;
  readonly isOver: boolean;
}

/**
 * When this process last heard what changed in the store. While the store is away, clients in memory may have been
 * disabled without this process knowing, so they get tokens for a bounded time only.
 */
export class StoreContact {
  readonly #ports: StoreContactPorts;
  #heardAt: number;
  #heardElapsed: number;
  #away = false;

  constructor(ports: StoreContactPorts) {
    this.#ports = ports;
    this.#heardAt = ports.clock.now();
    this.#heardElapsed = ports.elapsed();
  }

  /** Whether the last poll failed. */
  get isAway(): boolean {
    return this.#away;
  }

  get grace(): StoreGrace {
    const { elapsed, grace } = this.#ports;
    const isOver = elapsed() - this.#heardElapsed > grace;
    return { since: this.#heardAt, ends: this.#heardAt + grace, isOver };
  }

  /** Asks the store for changes. A failure is logged once, until the store is back. */
  async poll(readChanges: () => Promise<void>): Promise<void> {
    const { clock, elapsed, log, grace, forgetAll } = this.#ports;
    const started = { at: clock.now(), elapsed: elapsed() };
    try {
      await readChanges();
    } catch (fault) {
      if (!this.#away) log.fault("store_away", fault, { detail: `clients in memory get tokens for ${grace / 1000} s` });
      this.#away = true;
      if (this.grace.isOver) forgetAll(); // each look-up now asks the store, and fails
      return;
    }
    if (this.#away) log.info("store_back", { awaySeconds: Math.round((elapsed() - this.#heardElapsed) / 1000) });
    this.#away = false;
    this.#heardAt = started.at;
    this.#heardElapsed = started.elapsed;
  }
}

/** How long to wait before the first and the later attempts to open a store that is away, in milliseconds. */
const pauses = { first: 250, longest: 5000 } as const;

export interface WaitPorts {
  readonly log: Log;
  /** A number from 0 to 1. */
  readonly random: () => number;
  sleep(milliseconds: number): Promise<void>;
  /** Told why each attempt failed. */
  failed(reason: string): void;
}

/** Opens the store, and tries again while it is away. Other faults are thrown. */
export async function openWhenReachable<Store>(open: () => Promise<Store>, ports: WaitPorts): Promise<Store> {
  for (let pause: number = pauses.first; ; pause = Math.min(2 * pause, pauses.longest)) {
    try {
      return await open();
    } catch (fault) {
      if (!(fault instanceof StoreUnavailable)) throw fault;
      ports.failed(fault.message);
      if (pause === pauses.first) ports.log.fault("store_away", fault, { detail: "the start waits for the store" });
      // Not all nodes at once when the store is back
      await ports.sleep(pause * (0.5 + ports.random() / 2));
    }
  }
}
