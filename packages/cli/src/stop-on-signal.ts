import { fail } from "./failure.ts";

/** Stops the service in order at the first SIGTERM or SIGINT, and at once at the second. */
export function stopOnSignal(server: { close(): Promise<void> }): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    server.close().then(
      () => process.exit(0),
      (error: unknown) => process.exit(fail(error)),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
