import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { EventIds, Recorder } from "@carnet/core/audit/recorder";
import type { Clock } from "@carnet/core/ports";
import type { Kysely } from "kysely";
import { recordIfPossible } from "../audit/service-events.ts";
import type { Configuration } from "../configuration/load-configuration.ts";
import { OperatorFault } from "../fault.ts";
import type { Log } from "../log/logger.ts";
import { createSqlJournalAnchors } from "../store/sql/journal-anchors.ts";
import type { Tables } from "../store/sql/schema.ts";
import { compressedEnding, plainEnding } from "./journal-listing.ts";
import { closeJournal, openJournalFolder } from "./open-journal.ts";

interface Ports {
  readonly clock: Clock;
  readonly eventIds: EventIds & { readonly process: string };
}

/** The journal of a command that changes the store directly, beside services that may be running. */
export interface OwnJournal extends Recorder {
  /** Why nothing is recorded. undefined: nothing is wrong. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

/**
 * A file of a command in the journal folder. Standard output has no journal here, and a folder that cannot be written
 * must not stop the command: the store has the events as well.
 */
export async function openOwnJournal(
  configuration: Configuration,
  db: Kysely<Tables>,
  { clock, eventIds }: Ports,
): Promise<OwnJournal> {
  const { journal: folder } = configuration;
  if (folder === "stdout") return storeOnly(undefined);
  const anchors = createSqlJournalAnchors(db);
  const known = await anchors.list();
  // A file in a folder that is not the service's would look like a missing file there
  if (known.length > 0 && !known.some(({ file }) => isIn(folder, file))) return storeOnly(elsewhere(folder));
  const log: Log = { debug() {}, info() {}, warn() {}, fault() {} };
  try {
    const journal = openJournalFolder(configuration, { clock, eventIds, log, anchors });
    const record = (event: AuditEvent) => journal.record([event]);
    return { ...recordIfPossible({ record }), problem: undefined, close: () => closeJournal(journal, log) };
  } catch (error) {
    if (error instanceof OperatorFault) return storeOnly(error.message);
    throw error;
  }
}

const storeOnly = (reason: string | undefined): OwnJournal => ({
  record() {},
  close: async () => {},
  problem: reason && `The change is recorded in the store, but not in the journal. ${reason}`,
});

const isIn = (folder: string, file: string): boolean =>
  [plainEnding, compressedEnding].some((ending) => existsSync(join(folder, file + ending)));

const elsewhere = (folder: string): string =>
  `The folder ${folder} has no journal file of this store. Next time, name the service's data folder with --data-dir, or its journal with --journal.`;
