import { announceComingEnds } from "@carnet/core/audit/coming-ends";
import type { EventIds, Recorder } from "@carnet/core/audit/recorder";
import { day } from "@carnet/core/audit/usage";
import type { UsageCounter } from "@carnet/core/audit/usage-counter";
import type { SecretUses } from "@carnet/core/client/secret-uses";
import type { Clock } from "@carnet/core/ports";
import type { BackgroundTask } from "../background.ts";
import type { Configuration } from "../configuration/load-configuration.ts";
import type { AdminPorts } from "../http/admin/admin-ports.ts";
import { type HousekeepingPorts, keepHouse } from "../journal/housekeeping.ts";
import type { Journal } from "../journal/journal.ts";
import { closeJournal, openJournal } from "../journal/open-journal.ts";
import { openJournalReader } from "../journal/open-journal-reader.ts";
import type { LogOutput } from "../log/log-output.ts";
import type { Log } from "../log/logger.ts";
import type { openStore } from "../store/open-store.ts";
import { createSqlAnnouncedEnds } from "../store/sql/announced-ends.ts";
import { createSqlJournalAnchors } from "../store/sql/journal-anchors.ts";
import { countEvents } from "./counts.ts";
import { type EventConsumer, recordEvents } from "./record-events.ts";
import { recordIfPossible } from "./service-events.ts";

/** How often each task runs, in milliseconds. */
const intervals = {
  journal: 1000,
  anchors: 5000,
  journalFiles: 300_000,
  comingEnds: 3_600_000,
  oldEvents: 3_600_000,
} as const;

export interface AuditOptions {
  readonly storage: Awaited<ReturnType<typeof openStore>>;
  readonly uses: SecretUses;
  readonly eventIds: EventIds & { readonly process: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly output: LogOutput;
  /** Get every event that is recorded. */
  readonly consumers: readonly EventConsumer[];
}

/** Everything that records, counts, keeps and reads events. */
export interface Audit extends AsyncDisposable {
  /** For requests: throws if the event cannot be recorded, and the request must then be refused. */
  readonly recorder: Recorder;
  /** For what has happened already. */
  readonly lenientRecorder: Recorder;
  readonly journal: Journal;
  /** Counts what leaves no event. */
  readonly usage: UsageCounter;
  readonly admin: Pick<AdminPorts, "audit" | "refusalsMaxAge" | "usage" | "refusals" | "saveCounts" | "node">;
  readonly tasks: readonly BackgroundTask[];
}

/** Throws an OperatorFault if the journal cannot be written. Disposing of it syncs the journal. */
export function openAudit(
  configuration: Configuration,
  { storage, uses, eventIds, clock, log, output, consumers }: AuditOptions,
): Audit {
  const { node, refusalsMaxAge, refusalsMaxRows: maxRows } = configuration;
  const { events, refusals, usage, standings } = storage;
  const anchors = createSqlJournalAnchors(storage.db);
  const journal = openJournal(configuration, { output, anchors, eventIds, clock, log });
  const counts = countEvents({
    ...{ clock, eventIds, log, events, node, maxRows },
    store: refusals,
    usageStore: usage,
    recorder: { record: (event) => lenientRecorder.record(event) },
  });
  const recorder = recordEvents(journal, { uses, consumers: [...counts.consumers, ...consumers] });
  const lenientRecorder = recordIfPossible(recorder);
  const announcedEnds = createSqlAnnouncedEnds(storage.db, { node, dialect: storage.dialect });
  // What is announced is in the store for good, so the journal must get, or count, each of them
  const comingEnds = { store: storage.store, announcedEnds, clock, eventIds, recorder: lenientRecorder };
  const maxAge = configuration.auditMaxAge * day;
  const folder = configuration.journal === "stdout" ? undefined : configuration.journal;
  const files: HousekeepingPorts = {
    ...{ folder, anchors, log, node, maxAge },
    process: eventIds.process,
    maxSize: configuration.journalMaxSize,
    broken: new Set(),
  };
  return {
    recorder,
    lenientRecorder,
    journal,
    usage: counts.usage,
    admin: {
      audit: {
        ...{ events, standings },
        journal: folder === undefined ? undefined : openJournalReader({ ...files, folder, clock }),
      },
      ...{ refusalsMaxAge, usage, refusals, node },
      saveCounts: counts.save,
    },
    tasks: [
      { name: "journal", every: intervals.journal, run: () => journal.maintain() },
      { name: "journal anchors", every: intervals.anchors, run: () => journal.anchor() },
      { name: "journal files", every: intervals.journalFiles, run: () => keepHouse(files, clock.now()) },
      { name: "coming ends", every: intervals.comingEnds, atStart: true, run: () => announceComingEnds(comingEnds) },
      {
        name: "old events",
        every: intervals.oldEvents,
        run: async () => void (await events.trim(clock.now() - maxAge)),
      },
      ...counts.tasks,
    ],
    [Symbol.asyncDispose]: () => closeJournal(journal, log),
  };
}
