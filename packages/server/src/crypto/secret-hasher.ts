import type { PepperedDigest, SecretHasher } from "@carnet/core/client/secret-hasher";
import { type PepperRecord, peppersAt } from "@carnet/core/pepper/pepper";
import type { Clock } from "@carnet/core/ports";
import { SingleFlight } from "../single-flight.ts";
import { createHmacSha256 } from "./hmac-sha256.ts";

/** HMAC-SHA-256 under a pepper. */
export function keyedDigest(pepper: Uint8Array): (clientId: string, secret: string) => Buffer {
  const hmac = createHmacSha256(pepper);
  return (clientId, secret) => hmac(`${clientId}\0${secret}`);
}

/** Where a hasher reads its peppers. */
export interface PepperSource {
  list(): Promise<readonly PepperRecord[]>;
  openPepper(pepperId: string): Promise<Uint8Array>;
}

/** A node that read the peppers less long ago knows each one that any node uses, with half a minute for clocks that differ. */
const freshFor = 30_000;

interface OpenPepper extends PepperRecord {
  readonly hash: ReturnType<typeof keyedDigest>;
}

/**
 * The peppers of the service, as old as the last successful `refresh`. Changes that come with time alone need no
 * refresh.
 */
export class PepperRing implements SecretHasher {
  readonly #source: PepperSource;
  readonly #clock: Clock;
  #peppers: readonly OpenPepper[] = [];
  #view: View | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  readonly #reading = new SingleFlight(() => this.#read());

  constructor(source: PepperSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  get current(): string {
    return this.#now().current.pepperId;
  }

  digest(clientId: string, secret: string): PepperedDigest {
    return digestUnder(this.#now().current, clientId, secret);
  }

  digests(clientId: string, secret: string): readonly PepperedDigest[] {
    return this.#now().live.map((pepper) => digestUnder(pepper, clientId, secret));
  }

  async catchUp(): Promise<boolean> {
    const age = this.#clock.now() - this.#readAt;
    if (age >= 0 && age < freshFor) return false;
    const before = this.#ids();
    await this.#reading.runAnew(); // a read in progress may have begun long ago
    return this.#ids() !== before;
  }

  /** Reads the peppers of the store, and opens those that are new. Calls during a read share it. Rejects if it fails. */
  refresh(): Promise<void> {
    return this.#reading.run();
  }

  async #read(): Promise<void> {
    const at = this.#clock.now();
    const known = new Map(this.#peppers.map((pepper) => [pepper.pepperId, pepper]));
    const opened: OpenPepper[] = [];
    for (const { pepper: record, state } of peppersAt(await this.#source.list(), at)) {
      if (record.isDeleted || state === "ended") continue;
      const { hash = keyedDigest(await this.#source.openPepper(record.pepperId)) } = known.get(record.pepperId) ?? {};
      opened.push({ ...record, hash });
    }
    this.#peppers = opened;
    this.#view = undefined;
    this.#readAt = at;
  }

  #ids(): string {
    return this.#peppers.map(({ pepperId }) => pepperId).join();
  }

  /** What the peppers are now. Kept until the time changes a state. */
  #now(): View {
    const now = this.#clock.now();
    if (this.#view !== undefined && this.#view.from <= now && now < this.#view.until) return this.#view;
    const states = peppersAt(this.#peppers, now);
    const current = states.find(({ state }) => state === "current")?.pepper;
    if (current === undefined) throw new Error("no pepper was read");
    const live = states.flatMap(({ pepper, state }) => (state === "ended" ? [] : [pepper]));
    const changes = live.flatMap(({ usedFrom, endsAt }) => [usedFrom, endsAt ?? Infinity]).filter((at) => at > now);
    this.#view = { from: now, until: Math.min(Infinity, ...changes), current, live };
    return this.#view;
  }
}

interface View {
  readonly from: number;
  readonly until: number;
  readonly current: OpenPepper;
  /** In the order in which secrets move. */
  readonly live: readonly OpenPepper[];
}

const digestUnder = (pepper: OpenPepper, clientId: string, secret: string): PepperedDigest => ({
  ...{ digest: pepper.hash(clientId, secret), pepper: pepper.pepperId, endsAt: pepper.endsAt },
});
