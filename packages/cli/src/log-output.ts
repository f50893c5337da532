import { type DestinationStream, pino } from "pino";
import { Failure, fail } from "./failure.ts";

/**
 * Standard output (1) or error (2) for log lines, each written before the call returns. Where one cannot be, the process
 * ends at once: a token must not be answered that is not recorded.
 */
export function logTo(descriptor: 1 | 2): DestinationStream {
  const destination = pino.destination({ dest: descriptor, sync: true });
  destination.on("error", (error: NodeJS.ErrnoException) => {
    const name = descriptor === 1 ? "standard output" : "standard error";
    process.exit(
      fail(
        new Failure(
          `The log cannot be written to ${name} (${error.code ?? error.name}), and without a record no token is issued: check the disk, or what reads the log, then start again.`,
        ),
      ),
    );
  });
  return destination;
}
