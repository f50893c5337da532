import { writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import type { Configuration } from "@carnet/server/configuration/load-configuration";
import { Failure, fail } from "./failure.ts";

/**
 * Standard output (1) or error (2) as a stream for log lines that does not wait for its reader. If it fails, lines are
 * lost. If it is the journal as well, the process ends at once: no token may be answered without a record.
 */
export function logTo(descriptor: 1 | 2, { journal }: Pick<Configuration, "journal">): Writable {
  const isJournal = journal === "stdout";
  const standard = descriptor === 1 ? process.stdout : process.stderr;
  const stream = standard instanceof Socket ? standard : fileStream(descriptor, isJournal);
  // Node makes writes to a terminal block, and has no public way to undo that. Pipes do not block
  if (standard.isTTY) Reflect.get(standard, "_handle")?.setBlocking?.(false);
  stream.removeAllListeners("error"); // of commands, which may end quietly when their reader goes away
  return stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!isJournal) return;
    const name = descriptor === 1 ? "standard output" : "standard error";
    process.exit(
      fail(
        new Failure(
          `The log cannot be written to ${name} (${error.code ?? error.name}), and without a record no token is issued: check the disk, or the process that reads the log, then start again.`,
        ),
      ),
    );
  });
}

/** Node's own stream to a file loses the rest of a short write, which is what a disk that fills up gives. */
const fileStream = (descriptor: number, isJournal: boolean): Writable =>
  new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      try {
        writeFileSync(descriptor, text);
        done();
      } catch (error) {
        // An error would end the stream, but later lines can fit, once the disk has room again
        done(isJournal ? toError(error) : null);
      }
    },
  });

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error("the log cannot be written"));
