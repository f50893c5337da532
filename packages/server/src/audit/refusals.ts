import { setImmediate as endOfTurn } from "node:timers/promises";
import { type Burst, Bursts, burst } from "@carnet/core/audit/bursts";
import type { AdminRefused, AuditEvent, RefusalsBurst, TokenRefused } from "@carnet/core/audit/event";
import type { EventStore } from "@carnet/core/audit/event-store";
import { searchedActor } from "@carnet/core/audit/named-clients";
import type { EventIds, Recorder } from "@carnet/core/audit/recorder";
import type { RefusalStore, StoredRefusal } from "@carnet/core/audit/refusal-store";
import { hour, startOf } from "@carnet/core/audit/usage";
import type { UsageCounter } from "@carnet/core/audit/usage-counter";
import { addressBlock } from "@carnet/core/client/cidr";
import type { Clock } from "@carnet/core/ports";
import type { ClientId } from "@carnet/protocol/ids";
import type { Log } from "../log/logger.ts";
import { eventJson } from "./event-json.ts";

/** Refusals in memory between two batches, and those among them that nobody proved. More are only counted. */
const maxBuffered = { all: 10_000, unproven: 9000 } as const;

/** Refusals that one batch stores, of one client and of all. More are only counted. */
const perBatch = { client: 100, all: 500 } as const;

type Refused = TokenRefused | AdminRefused;

export interface RefusalsPorts {
  readonly store: RefusalStore;
  readonly events: Pick<EventStore, "append">;
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
  readonly usage: UsageCounter;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  readonly maxRows: number;
}

/**
 * Writes recent refusals to the store in batches: those of known clients one by one, those of unknown callers as counts.
 * A crash loses at most the refusals since the last batch, which the journal has. Reports bursts.
 */
export class Refusals {
  readonly #ports: RefusalsPorts;
  readonly #clientBursts = new Bursts<ClientId>();
  readonly #blockBursts = new Bursts<string>();
  #buffer: Refused[] = [];
  #overflow = 0;
  #untrimmed = 0;
  /** Reports of bursts that the store does not have yet. */
  #reports: RefusalsBurst[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(ports: RefusalsPorts) {
    this.#ports = ports;
  }

  /** Keeps a refusal for the next batch. Costs the same for every client, because callers could measure it. */
  note(event: AuditEvent): void {
    if (event.event !== "token_refused" && event.event !== "admin_refused") return;
    if (this.#buffer.length < (isProven(event) ? maxBuffered.all : maxBuffered.unproven)) this.#buffer.push(event);
    else this.#overflow++;
  }

  /** Writes a batch, after any batch before. What cannot be written waits for the next. */
  flush(): Promise<void> {
    const written = this.#written.then(() => this.#write());
    this.#written = written.catch(() => {});
    return written;
  }

  /** Deletes what is too old or too much. */
  trim(): Promise<void> {
    this.#untrimmed = 0;
    return this.#ports.store.trim(this.#ports.clock.now());
  }

  async #write(): Promise<void> {
    const { usage, log, maxRows } = this.#ports;
    if (this.#buffer.length === 0) return this.#storeReports();
    const batch = { events: this.#buffer, overflow: this.#overflow };
    this.#buffer = [];
    this.#overflow = 0;
    const refused = await this.#store(batch).catch((error: unknown) => {
      this.#restore(batch);
      throw error;
    });
    for (const { clientId, event } of refused.known)
      if (event.actor.type !== "client") usage.noteClaimed(clientId, event);
    if (batch.overflow > 0) log.warn("refusals_not_stored", { count: batch.overflow });
    await endOfTurn();
    await this.#reportBursts(refused);
    if (this.#untrimmed > maxRows / 100) await this.trim();
  }

  async #store({ events, overflow }: Batch): Promise<SortedRefusals> {
    const { store, clock, node } = this.#ports;
    const refused = await sort(events, await store.existing(claimedIds(events)));
    const refusals = newest(refused.known).map((refusal) => stored(refusal, node));
    const unknown = countByHour(refused.unknown);
    if (overflow > 0) add(unknown, [startOf(hour, clock.now()), "other"], overflow);
    await store.write({ refusals, unknown });
    this.#untrimmed += refusals.length;
    return refused;
  }

  #restore({ events, overflow }: Batch): void {
    const all = [...events, ...this.#buffer];
    const excess = Math.max(0, all.length - maxBuffered.all);
    const dropped = new Set(unprovenFirst(all, (event) => event).slice(0, excess));
    this.#buffer = all.filter((event) => !dropped.has(event));
    this.#overflow += overflow + excess;
  }

  async #reportBursts({ known, unknown }: SortedRefusals): Promise<void> {
    const now = this.#ports.clock.now();
    const byClient = new Map<ClientId, Map<string, number>>();
    for (const { clientId, event } of known) add(byClient, [clientId, event.reason], 1);
    const ofClients = this.#clientBursts.count(byClient, now);
    const byBlock = new Map<string, Map<string, number>>();
    for (const { block, event } of unknown) add(byBlock, [block, event.reason], 1);
    const reports = [
      ...ofClients.map((found) => this.#reportOf(found, { clientId: found.subject })),
      ...this.#blockBursts.count(byBlock, now).map((found) => this.#reportOf(found, { addressBlock: found.subject })),
    ];
    this.#reports.push(...reports);
    for (const event of reports) await this.#ports.recorder.record(event);
    await this.#storeReports();
  }

  /** A burst is found only once, so a report that cannot be stored now waits for the next batch. */
  async #storeReports(): Promise<void> {
    for (let [report] = this.#reports; report !== undefined; [report] = this.#reports) {
      await this.#ports.events.append(report);
      this.#reports.shift();
    }
  }

  #reportOf(
    { count, reason }: Burst<string>,
    subject: Partial<Pick<RefusalsBurst, "clientId" | "addressBlock">>,
  ): RefusalsBurst {
    const { eventIds, clock } = this.#ports;
    return {
      event: "refusals_burst",
      id: eventIds.next(),
      at: clock.now(),
      requestId: null,
      actor: { type: "service" },
      address: null,
      clientId: null,
      addressBlock: null,
      ...subject,
      count,
      within: burst.within / 1000,
      reason,
    };
  }
}

interface Batch {
  readonly events: readonly Refused[];
  /** Refusals that did not fit into the buffer. */
  readonly overflow: number;
}

interface KnownRefusal {
  readonly clientId: ClientId;
  readonly event: Refused;
}

interface UnknownRefusal {
  readonly block: string;
  readonly event: Refused;
}

interface SortedRefusals {
  readonly known: readonly KnownRefusal[];
  readonly unknown: readonly UnknownRefusal[];
}

/** The client id that was sent. Nobody proved it. */
const claimedId = (event: Refused): ClientId | undefined =>
  event.event === "token_refused" ? event.claimedClientId?.reveal() : undefined;

const claimedIds = (events: readonly Refused[]): readonly ClientId[] => [
  ...new Set(events.flatMap((event) => (event.actor.type === "client" ? [] : (claimedId(event) ?? [])))),
];

/** The known client of a refusal is the proved one, or the one that was claimed, if it exists. */
async function sort(events: readonly Refused[], existing: ReadonlySet<ClientId>): Promise<SortedRefusals> {
  const known: KnownRefusal[] = [];
  const unknown: UnknownRefusal[] = [];
  for (const [at, event] of events.entries()) {
    if (at % 1000 === 999) await endOfTurn(); // a thousand addresses take milliseconds to parse
    const clientId = event.actor.type === "client" ? event.actor.clientId : claimedId(event);
    if (clientId !== undefined && (event.actor.type === "client" || existing.has(clientId)))
      known.push({ clientId, event });
    else unknown.push({ block: blockOf(event), event });
  }
  return { known, unknown };
}

/** Whether the caller proved to be the client. Proven refusals are kept first, because anybody can send any client id. */
const isProven = ({ actor }: Refused): boolean => actor.type === "client";

const unprovenFirst = <Item>(items: readonly Item[], eventOf: (item: Item) => Refused): readonly Item[] =>
  items.toSorted((one, other) => Number(isProven(eventOf(one))) - Number(isProven(eventOf(other))));

/** The newest refusals, proven ones first, as many as one batch stores, oldest first. */
function newest(known: readonly KnownRefusal[]): readonly KnownRefusal[] {
  const counts = new Map<ClientId, number>();
  const taken = new Set<KnownRefusal>();
  for (const refusal of unprovenFirst(known, ({ event }) => event).toReversed()) {
    if (taken.size === perBatch.all) break;
    const count = counts.get(refusal.clientId) ?? 0;
    if (count === perBatch.client) continue;
    taken.add(refusal);
    counts.set(refusal.clientId, count + 1);
  }
  return known.filter((refusal) => taken.has(refusal));
}

function stored({ clientId, event }: KnownRefusal, node: string): StoredRefusal {
  const { id, at, event: kind, requestId, reason } = event;
  const json = eventJson(event, node);
  const refusal = { id, at, event: kind, requestId, clientId, actor: searchedActor(event), reason };
  if (isProven(event)) return { ...refusal, isProven: true, json };
  return { ...refusal, isProven: false, json: `${json.slice(0, -1)},"client_id":${JSON.stringify(clientId)}}` };
}

const blockOf = ({ address }: Refused): string => (address === null ? undefined : addressBlock(address)) ?? "other";

function countByHour(refused: readonly UnknownRefusal[]): Map<number, Map<string, number>> {
  const counts = new Map<number, Map<string, number>>();
  for (const { block, event } of refused) add(counts, [startOf(hour, event.at), block], 1);
  return counts;
}

function add<Key>(counts: Map<Key, Map<string, number>>, [key, name]: readonly [Key, string], more: number): void {
  const ofKey = counts.get(key) ?? new Map<string, number>();
  counts.set(key, ofKey.set(name, (ofKey.get(name) ?? 0) + more));
}
