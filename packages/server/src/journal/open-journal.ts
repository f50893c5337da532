import { accessSync, constants, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { quoted } from "@carnet/protocol/shell-word";
import type { Configuration } from "../configuration/load-configuration.ts";
import { exposureOf, forbidden } from "../configuration/trusted-file.ts";
import { codeOf, OperatorFault } from "../fault.ts";
import type { LogOutput } from "../log/log-output.ts";
import type { Log } from "../log/logger.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import type { JournalAnchors } from "./journal-anchors.ts";
import { journalFiles } from "./journal-files.ts";
import { JournalFolder } from "./journal-folder.ts";
import type { PutHead } from "./journal-sink.ts";
import { JournalStdout } from "./journal-stdout.ts";

interface FolderPorts extends Omit<JournalOptions, "sink" | "node" | "whenFull"> {
  readonly eventIds: JournalOptions["eventIds"] & { readonly process: string };
  readonly anchors: Pick<JournalAnchors, "put">;
}

interface OpenPorts extends FolderPorts {
  readonly output: LogOutput;
}

/**
 * The journal of this process: its own files in the folder, or its log lines. Throws an OperatorFault if the folder
 * cannot be written, or if other users can write to it.
 */
export function openJournal(configuration: Configuration, ports: OpenPorts): Journal {
  if (configuration.journal !== "stdout") return openJournalFolder(configuration, ports);
  const { output, eventIds } = ports;
  const sink = new JournalStdout({ output, process: eventIds.process, putHead: putHeadWith(configuration, ports) });
  return new Journal({ ...ports, sink, node: configuration.node, whenFull: configuration.journalFull });
}

/** The journal of this process in a folder. Throws an OperatorFault as `openJournal` does. */
export function openJournalFolder(configuration: Configuration, ports: FolderPorts): Journal {
  const { journal: folder, journalFileSize: fileSize, journalSync: sync, node, journalFull: whenFull } = configuration;
  const { eventIds, clock, log } = ports;
  prepareFolder(folder);
  const { process } = eventIds;
  const putHead = putHeadWith(configuration, ports);
  // Absolute: in a working folder that was removed, Node's recursive mkdir of a relative path never returns
  const sink = new JournalFolder({
    folder: resolve(folder),
    process,
    fileSize,
    sync,
    files: journalFiles,
    putHead,
    clock,
    log,
  });
  return new Journal({ ...ports, sink, node, whenFull });
}

/** Syncs a journal and anchors its end. A disk or a store that fails must not prevent a clean shutdown. */
export async function closeJournal(journal: Journal, log: Log): Promise<void> {
  try {
    await journal.close();
    await journal.anchor();
  } catch (error) {
    log.fault("journal_not_closed", error);
  }
}

const putHeadWith =
  ({ node }: Configuration, { anchors, clock }: FolderPorts): PutHead =>
  (head) =>
    anchors.put({ ...head, node, anchoredAt: clock.now() });

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new OperatorFault(
      `The journal folder ${folder} cannot be written${codeOf(error)}: run \`chmod u+rwx ${quoted(folder)}\` or free the path, or set CARNET_JOURNAL to another folder or to stdout.`,
      { cause: error },
    );
  }
  for (const name of ["", ...readdirSync(folder)]) {
    const exposed = exposureOf(join(folder, name), forbidden.write);
    if (exposed !== undefined) throw new OperatorFault(exposed);
  }
}
