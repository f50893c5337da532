import { existsSync } from "node:fs";
import type { Configuration } from "../configuration/load-configuration.ts";
import { OperatorFault } from "../fault.ts";
import { openExistingDatabase } from "../store/open-store.ts";
import { createSqlJournalAnchors } from "../store/sql/journal-anchors.ts";
import type { VerifyProgress, VerifyResult } from "./journal-reader.ts";
import { verifyJournal } from "./verify.ts";
import { type LinesResult, verifyLines } from "./verify-lines.ts";

/** Work on the store and the folder themselves, whether or not the service is running. Needs no master key. */

/** Verifies the journal of this node. Throws an OperatorFault if the store cannot be opened, or there is no folder. */
export async function* verifyOffline(configuration: Configuration): AsyncGenerator<VerifyProgress | VerifyResult> {
  const { journal: folder, node } = configuration;
  if (folder === "stdout" || !existsSync(folder))
    throw new OperatorFault(
      `There is no journal folder (CARNET_JOURNAL is ${folder}): name it with --journal, or check lines that you keep elsewhere with --input.`,
    );
  const db = await openExistingDatabase(configuration);
  try {
    yield* verifyJournal({ folder, node, anchors: createSqlJournalAnchors(db), clock: undefined });
  } finally {
    await db.destroy();
  }
}

/** Verifies lines of standard output, with the anchors in the store. Throws an OperatorFault if that cannot be opened. */
export async function verifyLinesOffline(
  lines: AsyncIterable<string>,
  configuration: Configuration,
): Promise<LinesResult> {
  const db = await openExistingDatabase(configuration);
  try {
    return await verifyLines(lines, { anchors: await createSqlJournalAnchors(db).list(), node: configuration.node });
  } finally {
    await db.destroy();
  }
}
