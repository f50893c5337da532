import { accessSync, constants, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../configuration/load-configuration.ts";
import { exposureOf, forbidden, quoted } from "../configuration/trusted-file.ts";
import { OperatorFault } from "../fault.ts";
import type { LogOutput } from "../log/log-output.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import type { JournalAnchors } from "./journal-anchors.ts";
import { journalFiles } from "./journal-files.ts";
import { JournalFolder } from "./journal-folder.ts";
import type { JournalSink, PutHead } from "./journal-sink.ts";
import { JournalStdout } from "./journal-stdout.ts";

interface OpenPorts extends Omit<JournalOptions, "sink" | "node" | "whenFull"> {
  readonly eventIds: JournalOptions["eventIds"] & { readonly process: string };
  readonly output: LogOutput;
  readonly anchors: Pick<JournalAnchors, "put">;
}

/**
 * The journal of this process: its own files in the folder, or its log lines. Throws an OperatorFault if the folder
 * cannot be written, or if other users can write to it.
 */
export function openJournal(configuration: Configuration, ports: OpenPorts): Journal {
  const { journal: place, node, journalFull } = configuration;
  const putHead: PutHead = (head) => ports.anchors.put({ ...head, node, anchoredAt: ports.clock.now() });
  const sink = place === "stdout" ? stdoutSink(ports, putHead) : folderSink(configuration, ports, putHead);
  return new Journal({ ...ports, sink, node, whenFull: journalFull });
}

const stdoutSink = ({ output, eventIds }: OpenPorts, putHead: PutHead): JournalSink =>
  new JournalStdout({ output, process: eventIds.process, putHead });

function folderSink(configuration: Configuration, { eventIds, clock, log }: OpenPorts, putHead: PutHead): JournalSink {
  const { journal: folder, journalFileSize: fileSize, journalSync: sync } = configuration;
  prepareFolder(folder);
  const { process } = eventIds;
  return new JournalFolder({ folder, process, fileSize, sync, files: journalFiles, putHead, clock, log });
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new OperatorFault(
      `The journal folder ${folder} cannot be written${code}: run \`chmod u+rwx ${quoted(folder)}\` or free the path, or set CARNET_JOURNAL to another folder or to stdout.`,
      { cause: error },
    );
  }
  for (const name of ["", ...readdirSync(folder)]) {
    const exposed = exposureOf(join(folder, name), forbidden.write);
    if (exposed !== undefined) throw new OperatorFault(exposed);
  }
}
