import { fail } from "./failure.ts";

/**
 * Stops the service in order at the first SIGTERM or SIGINT, and at once at the second. One that comes while it starts
 * stops it once it has: a start that fails is told by whoever waits for it.
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
