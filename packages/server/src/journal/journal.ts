import type { AuditEvent } from "@carnet/core/audit/event";
import type { EventIds } from "@carnet/core/audit/recorder";
import type { Clock } from "@carnet/core/ports";
import { eventJson } from "../audit/event-json.ts";
import { OperatorFault } from "../fault.ts";
import type { Log } from "../log/logger.ts";
import type { JournalSink } from "./journal-sink.ts";

/** Nothing can be recorded at the moment. The journal itself logs why, once. */
export class JournalUnavailable extends OperatorFault {
  constructor() {
    super(
      "The journal cannot be written, and every answer must be recorded first: see journal_unavailable in the log.",
    );
  }
}

export interface JournalOptions {
  readonly sink: JournalSink;
  readonly node: string;
  /** What to do with events while nothing can be recorded. */
  readonly whenFull: "refuse" | "continue";
  readonly eventIds: EventIds;
  readonly clock: Clock;
  readonly log: Log;
}

/** While the journal cannot be written. */
interface Outage {
  readonly since: number;
  lost: number;
  loggedAt: number;
}

/** How often a continuing loss is logged, in milliseconds. */
const logAgainAfter = 60_000;

/**
 * The record of everything that happens, as a chain of JSON lines. When a record cannot be written, an outage begins. It
 * ends when an `events_lost` event can be written, which is tried every second.
 */
export class Journal {
  readonly #options: JournalOptions;
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #isClosed = false;
  #outage: Outage | undefined;
  #failures = 0;
  /** Of the outages that have ended. */
  #lost = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Whether requests must be refused, because nothing can be recorded at the moment. */
  get isUnavailable(): boolean {
    return this.#outage !== undefined && this.#options.whenFull === "refuse";
  }

  /** For the metrics. `failures` counts outages, `lost` events. */
  get status() {
    return {
      isWritable: this.#outage === undefined,
      failures: this.#failures,
      lost: this.#lost + (this.#outage?.lost ?? 0),
      unsynced: this.#options.sink.unsynced,
    };
  }

  /** Makes the first file. The first event does it as well, so that a start that fails leaves no file. */
  open(): Promise<void> {
    this.#opening ??= this.#maintain().then(() => {
      this.#isOpen = true;
    });
    return this.#opening;
  }

  /** Throws, or rejects, with JournalUnavailable if the events cannot be recorded and their requests must be refused. */
  record(events: readonly AuditEvent[]): void | Promise<void> {
    if (!this.#isOpen) return this.open().then(() => this.record(events));
    if (this.#isClosed) throw new JournalUnavailable(); // of requests that were cut off at shutdown
    if (this.#outage !== undefined) return this.#lose(events, this.#outage);
    const records = events.map((event) => ({ json: eventJson(event, this.#options.node), at: event.at }));
    try {
      const written = this.#options.sink.append(records);
      return written?.catch((error: unknown) => this.#lose(events, this.#beginOutage(error)));
    } catch (error) {
      return this.#lose(events, this.#beginOutage(error));
    }
  }

  /** Rotates, syncs, and goes on after a failure. Must run every second. */
  async maintain(): Promise<void> {
    if (this.#isOpen) await this.#maintain();
  }

  /** Writes the newest hashes to the store. */
  anchor(): Promise<void> {
    return this.#options.sink.anchor();
  }

  /** Writes and syncs what is left, and logs what is lost. The last hashes must be anchored afterwards. */
  async close(): Promise<void> {
    await this.#opening;
    if (this.#outage !== undefined) await this.#maintain(); // the last chance to record how much was lost
    if (this.#outage !== undefined) this.#logLost(this.#outage);
    this.#isClosed = true;
    await this.#options.sink.close();
  }

  async #maintain(): Promise<void> {
    try {
      await this.#options.sink.maintain();
    } catch (error) {
      this.#beginOutage(error);
      return;
    }
    if (this.#outage !== undefined) await this.#endOutage(this.#outage);
    if (this.#outage !== undefined) this.#remindOf(this.#outage);
  }

  #beginOutage(error: unknown): Outage {
    if (this.#outage !== undefined) return this.#outage;
    const { clock, log, whenFull } = this.#options;
    this.#failures++;
    this.#outage = { since: clock.now(), lost: 0, loggedAt: clock.now() };
    log.fault("journal_unavailable", error, { detail: adviceWhen[whenFull] });
    return this.#outage;
  }

  /** Requests that get 503 are not lost. Everything else has happened already. */
  #lose(events: readonly AuditEvent[], outage: Outage): void {
    const { whenFull } = this.#options;
    for (const event of events) if (whenFull === "continue" || !getsRefused(event)) outage.lost++;
    if (whenFull === "refuse") throw new JournalUnavailable();
  }

  /** Ends the outage if the number of lost events can be written. */
  async #endOutage(outage: Outage): Promise<void> {
    const { sink, log, node } = this.#options;
    if (!(await sink.hasRoom())) return;
    try {
      const event = this.#eventsLost(outage);
      const written = sink.append([{ json: eventJson(event, node), at: event.at }]);
      this.#outage = undefined; // what is recorded from here on is written, and not lost
      await written;
    } catch {
      outage.lost += this.#outage?.lost ?? 0;
      this.#outage = outage; // it is tried again in a second
      return;
    }
    this.#lost += outage.lost;
    log.warn("journal_available", { since: isoTime(outage.since), lost: outage.lost });
  }

  #eventsLost({ lost, since }: Outage): AuditEvent {
    const { eventIds, clock } = this.#options;
    return {
      event: "events_lost",
      id: eventIds.next(),
      at: clock.now(),
      requestId: null,
      actor: { type: "service" },
      address: null,
      count: lost,
      since,
    };
  }

  #remindOf(outage: Outage): void {
    const now = this.#options.clock.now();
    if (now - outage.loggedAt < logAgainAfter) return;
    outage.loggedAt = now;
    this.#logLost(outage);
  }

  #logLost({ lost, since }: Outage): void {
    const { log, whenFull } = this.#options;
    if (lost > 0) log.warn("events_lost", { lost, since: isoTime(since), detail: adviceWhen[whenFull] });
  }
}

const isoTime = (at: number): string => new Date(at).toISOString();

const getsRefused = ({ event }: AuditEvent): boolean =>
  event === "token_issued" || event === "token_returned" || event === "token_refused" || event === "admin_refused";

const adviceWhen = {
  refuse:
    "token requests and admin changes get 503 until the journal can be written: make room on its disk, or let this user write there",
  continue:
    "requests are answered without a record until the journal can be written: make room on its disk, or let this user write there",
} as const;
