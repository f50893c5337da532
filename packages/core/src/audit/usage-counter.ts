import type { ClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { ownCopy } from "../own-copy.ts";
import type { AuditEvent, ObjectsChanged, RefusalFacts } from "./event.ts";
import { type Counts, hour, maxNames, startOf, type UnsavedUsage, type UsageStore } from "./usage.ts";

/** Clients with unsaved counts: an early write starts at the first number, and new clients are left out at the second. */
const maxUnsaved = { early: 5000, most: 40_000 } as const;

/** How many clients one transaction writes. Token requests wait for it. */
const clientsPerWrite = 100;

/**
 * Different scopes of one client between two writes, their length, and the bytes of those of all clients: a client can
 * send anything.
 */
const maxAsked = { texts: 100, length: 4096, bytes: 16 * 1024 * 1024 } as const;

/** What a text of scopes takes in memory besides its characters. */
const bytesPerText = 64;

/** What is counted without an event. */
export type Counted = "introspected" | "revoked";

/**
 * Counts what clients do, in memory. The counts are written in batches instead of once per token, so a crash loses at
 * most the counts since the last batch.
 */
export class UsageCounter {
  readonly #store: UsageStore;
  readonly #hours = new Map<number, Map<ClientId, HourCounts>>();
  #unsaved = 0;
  /** What the texts of scopes take in memory. */
  #asked = { bytes: 0 };
  #left = 0;
  /** Off while writes fail: they would fail again. */
  #writesEarly = true;
  #written: Promise<void> = Promise.resolve();
  #current: { readonly startsAt: number; readonly clients: Map<ClientId, HourCounts> } | undefined;

  constructor(store: UsageStore) {
    this.#store = store;
  }

  /** Counts an event whose client was proved, and forgets the earlier counts of a client that is created. */
  note(event: AuditEvent): void {
    if ("objects" in event) this.#forgetCreated(event);
    const { actor, at, address } = event;
    if (actor.type !== "client") return;
    switch (event.event) {
      case "token_issued":
        this.#countsOf(actor.clientId, at)?.issue(at, address, event.askedScope);
        return;
      case "token_returned":
        this.#countsOf(actor.clientId, at)?.return(address);
        return;
      case "token_refused":
        this.#countsOf(actor.clientId, at)?.refuse(event.reason, address, event.facts);
        return;
      case "admin_refused":
        this.#countsOf(actor.clientId, at)?.refuse(event.reason, address);
        return;
      default:
    }
  }

  /** Counts an answered request of a client that leaves no event. */
  count(clientId: ClientId, what: Counted, { at, address }: { readonly at: number; readonly address: string }): void {
    this.#countsOf(clientId, at)?.count(what, address);
  }

  /** Counts a refusal whose client exists, but was not proved. */
  noteClaimed(clientId: ClientId, { at, reason }: { readonly at: number; readonly reason: string }): void {
    this.#countsOf(clientId, at)?.refuse(reason, null);
  }

  /** How many events were not counted since the last call, because too many clients had unsaved counts. */
  takeLeftOut(): number {
    const left = this.#left;
    this.#left = 0;
    return left;
  }

  /** Writes the unsaved counts, after any write before. Those that cannot be written stay unsaved. */
  flush(): Promise<void> {
    const written = this.#written.then(() => this.#write());
    this.#written = written.catch(() => {});
    return written;
  }

  async #write(): Promise<void> {
    const taken = [...this.#hours.values()].flatMap((clients) => [...clients.values()]);
    this.#hours.clear();
    this.#current = undefined;
    this.#unsaved = 0;
    this.#asked = { bytes: 0 };
    for (let start = 0; start < taken.length; start += clientsPerWrite) {
      try {
        await this.#store.add(taken.slice(start, start + clientsPerWrite));
        this.#writesEarly = true;
      } catch (error) {
        this.#writesEarly = false;
        for (const counts of taken.slice(start)) this.#countsOf(counts.clientId, counts.startsAt)?.add(counts);
        throw error;
      }
    }
  }

  #forgetCreated({ outcome, objects }: ObjectsChanged): void {
    if (outcome !== "done") return;
    const created = objects.filter(({ type, action }) => type === "client" && action === "created");
    const hours: Iterable<Map<string, HourCounts>> = this.#hours.values();
    for (const clients of hours) for (const { id } of created) if (clients.delete(id)) this.#unsaved--;
  }

  #countsOf(clientId: ClientId, at: number): HourCounts | undefined {
    let current = this.#current;
    if (current === undefined || at < current.startsAt || at >= current.startsAt + hour) current = this.#openHour(at);
    return current.clients.get(clientId) ?? this.#start(clientId, current);
  }

  #openHour(at: number) {
    const startsAt = startOf(hour, at);
    const clients = this.#hours.get(startsAt) ?? new Map<ClientId, HourCounts>();
    this.#hours.set(startsAt, clients);
    this.#current = { startsAt, clients };
    return this.#current;
  }

  #start(clientId: ClientId, { startsAt, clients }: { startsAt: number; clients: Map<ClientId, HourCounts> }) {
    if (this.#unsaved >= maxUnsaved.most) {
      this.#left++;
      return undefined;
    }
    // The periodic write reports a failure, because the counts then are still unsaved
    if (++this.#unsaved === maxUnsaved.early && this.#writesEarly) this.flush().catch(() => {});
    const counts = new HourCounts(clientId, startsAt, this.#asked);
    clients.set(clientId, counts);
    return counts;
  }
}

/** Most clients have no refusals, and an empty map would take a quarter of the memory of their counts. */
const none: Counts = new Map();

/** The unsaved counts of one client and one hour. */
class HourCounts implements UnsavedUsage {
  readonly clientId: ClientId;
  readonly startsAt: number;
  issued = 0;
  returned = 0;
  introspected = 0;
  revoked = 0;
  refused = none;
  readonly asked = new Redacted(new Map<string, number>());
  withoutScope = 0;
  unknownScopes = 0;
  readonly addresses = new Map<string, number>();
  lastIssuedAt: number | null = null;
  readonly #askedOfAll: { bytes: number };

  constructor(clientId: ClientId, startsAt: number, askedOfAll: { bytes: number }) {
    this.clientId = clientId;
    this.startsAt = startsAt;
    this.#askedOfAll = askedOfAll;
  }

  issue(at: number, address: string | null, asked: Redacted<string> | null): void {
    this.issued++;
    if (this.lastIssuedAt === null || at > this.lastIssuedAt) this.lastIssuedAt = at;
    this.#addAddress(address, 1);
    if (asked === null) this.withoutScope++;
    else this.#ask(asked.reveal(), 1);
  }

  return(address: string | null): void {
    this.returned++;
    this.#addAddress(address, 1);
  }

  count(what: Counted, address: string): void {
    this[what]++;
    this.#addAddress(address, 1);
  }

  /** The facts name the scopes that were asked for and exist, and count the others. */
  refuse(reason: string, address: string | null, { asked = "", asked_unknown: unknown }: RefusalFacts = {}): void {
    this.#addRefused(reason, 1);
    this.#addAddress(address, 1);
    if (asked !== "") this.#ask(asked.replace(/ and \d+ more$/, ""), 1);
    if (Number(unknown ?? 0) > 0) this.unknownScopes++;
  }

  add(more: UnsavedUsage): void {
    this.issued += more.issued;
    this.returned += more.returned;
    this.introspected += more.introspected;
    this.revoked += more.revoked;
    this.withoutScope += more.withoutScope;
    this.unknownScopes += more.unknownScopes;
    if ((more.lastIssuedAt ?? 0) > (this.lastIssuedAt ?? 0)) this.lastIssuedAt = more.lastIssuedAt;
    for (const [reason, count] of more.refused) this.#addRefused(reason, count);
    for (const [address, count] of more.addresses) this.#addAddress(address, count);
    for (const [text, count] of more.asked.reveal()) this.#ask(text, count);
  }

  #addRefused(reason: string, count: number): void {
    this.refused = new Map(this.refused).set(reason, (this.refused.get(reason) ?? 0) + count);
  }

  #addAddress(address: string | null, count: number): void {
    if (address === null) return;
    const known = this.addresses.get(address);
    if (known !== undefined) this.addresses.set(address, known + count);
    else if (this.addresses.size < maxNames.addresses || address === "other") this.addresses.set(address, count);
    else this.#addAddress("other", count);
  }

  #ask(text: string, count: number): void {
    const asked = this.asked.reveal();
    const known = asked.get(text);
    const bytes = this.#askedOfAll.bytes + text.length + bytesPerText;
    if (known !== undefined) asked.set(text, known + count);
    else if (asked.size >= maxAsked.texts || text.length > maxAsked.length || bytes > maxAsked.bytes)
      this.unknownScopes += count;
    else {
      asked.set(ownCopy(text), count);
      this.#askedOfAll.bytes = bytes;
    }
  }
}
