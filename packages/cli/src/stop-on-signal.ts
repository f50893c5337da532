import { fail } from "./failure.ts";

/**
 * Stops the service gracefully on the first SIGTERM or SIGINT and immediately on the second. A signal during the start
 * stops the service once it has started. The caller reports a failed start.
 */
export function stopOnSignal(starting: Promise<{ close(): Promise<void> }>): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    starting.then(
      (server) =>
        server.close().then(
          () => process.exit(0),
          (error: unknown) => process.exit(fail(error)),
        ),
      () => {},
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
