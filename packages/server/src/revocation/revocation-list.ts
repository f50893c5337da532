import type { Clock } from "@carnet/core/ports";
import { coveredUntil, type RevocationKind } from "@carnet/core/revocation/revocation";
import type { CutOffs, RevocationStore, StoredRevocation } from "@carnet/core/revocation/revocation-store";
import { SingleFlight } from "../single-flight.ts";

/**
 * The live revocations in memory. The feed and the cut-offs at minting need them all at once. A check of a single token
 * asks the store instead.
 */

/** What a row still matters by, once its kind and subject are keys. */
type Kept = Pick<StoredRevocation, "number" | "clientId" | "issuedUntil" | "revokedAt" | "endsAt">;

export interface RevocationListPorts {
  readonly store: Pick<RevocationStore, "list">;
  readonly clock: Clock;
}

/** How many rows are read at a time. */
const pageSize = 1000;

/** How often ended revocations are dropped, in milliseconds. */
const dropInterval = 5000;

/** A copy of the store's live revocations. It is as large as they are, and as old as its last successful `refresh`. */
export class RevocationList implements CutOffs {
  readonly #ports: RevocationListPorts;
  readonly #live: Readonly<Record<RevocationKind, Map<string, Kept>>> = {
    ...{ token: new Map(), client: new Map(), secret: new Map(), cut_off: new Map(), key: new Map() },
  };
  #lastNumber = 0;
  #startsOver = false;
  readonly #reading = new SingleFlight(() => this.#read());
  #triedAt = 0;
  #readAt = 0;
  #droppedAt = 0;
  #version = 0;

  constructor(ports: RevocationListPorts) {
    this.#ports = ports;
  }

  /** The time just before the last successful read, in milliseconds since the epoch. Whatever was stored then is known. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Increases with whatever is read. */
  get version(): number {
    return this.#version;
  }

  /** The subjects of the live revocations of a kind. */
  subjects(kind: RevocationKind): IterableIterator<string> {
    return this.#live[kind].keys();
  }

  /** The cut-offs of clients by their handles, and that of the whole service under "". */
  *cutOffs(): Generator<readonly [handle: string, issuedUntil: number]> {
    for (const [handle, { issuedUntil }] of this.#live.cut_off) yield [handle, issuedUntil ?? 0];
  }

  issuedUntil(clientHandle: string): number {
    const { cut_off } = this.#live;
    if (cut_off.size === 0) return 0;
    return Math.max(cut_off.get(clientHandle)?.issuedUntil ?? 0, cut_off.get("")?.issuedUntil ?? 0);
  }

  /** Makes the next read begin with the oldest: the store may have lost some and given their numbers again. */
  startOver(): void {
    this.#startsOver = true;
  }

  /** Reads what is new in the store. Calls during a read share it. Rejects if the store cannot be read. */
  refresh(): Promise<void> {
    return this.#reading.run();
  }

  /** Reads again after a read in progress, which may have started before the latest change. */
  refreshAnew(): Promise<void> {
    return this.#reading.runAnew();
  }

  /** The same as `refresh`, unless the store was asked less than so many milliseconds ago. Waits for a read in progress. */
  async refreshIfOlder(age: number): Promise<void> {
    const isOld = Math.abs(this.#ports.clock.now() - this.#triedAt) >= age;
    if (isOld || this.#reading.isRunning) await this.refresh();
  }

  async #read(): Promise<void> {
    const now = this.#ports.clock.now();
    this.#triedAt = now;
    // If the clock was ahead, live ones may have been dropped as ended
    if (this.#startsOver || now < this.#readAt) this.#lastNumber = 0;
    this.#startsOver = false;
    for (let rows = pageSize; rows === pageSize; ) {
      const query = { now, owners: null, clientId: null, after: this.#lastNumber, limit: pageSize };
      const page = await this.#ports.store.list(query);
      this.#keep(page);
      rows = page.length;
    }
    if (Math.abs(now - this.#droppedAt) >= dropInterval) this.#dropEnded(now);
    this.#readAt = now;
  }

  #keep(page: readonly StoredRevocation[]): void {
    if (page.length > 0) this.#version++;
    for (const { kind, subject, number, clientId, issuedUntil, revokedAt, endsAt } of page) {
      this.#live[kind].set(subject, { number, clientId, issuedUntil, revokedAt, endsAt });
      this.#lastNumber = number;
    }
    this.#dropCovered(page.filter((one) => coveredUntil(one) > 0));
  }

  /** Drops the single tokens that the store deleted when it stored these revocations of all tokens of a client. */
  #dropCovered(covering: readonly StoredRevocation[]): void {
    if (covering.length === 0) return;
    const byClient = Map.groupBy(covering, ({ clientId }) => clientId);
    for (const [subject, token] of this.#live.token) {
      const isCovered = (one: StoredRevocation) => token.number < one.number && token.revokedAt <= coveredUntil(one);
      if (byClient.get(token.clientId)?.some(isCovered)) this.#live.token.delete(subject);
    }
  }

  #dropEnded(now: number): void {
    for (const revocations of Object.values(this.#live))
      for (const [subject, { endsAt }] of revocations) if (endsAt <= now) revocations.delete(subject);
    this.#droppedAt = now;
  }
}
