import { fail } from "./failure.ts";

/** Ctrl+C under npm can signal twice: by the terminal and by npm. Signals within this time count as one. */
const sameSignal = 1000;

/** How often to look for the parent process, in milliseconds. */
const parentCheck = 250;

/**
 * Stops the service gracefully on the first SIGTERM, SIGINT or SIGHUP, or when npm's shell ends, and immediately on a
 * later signal. A signal during the start stops the service once it has started. The caller reports a failed start.
 */
export function stopOnSignal(starting: Promise<{ close(): Promise<void> }>): void {
  let stopping = false;
  let insists = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => (insists = true), sameSignal).unref();
    starting.then(
      (server) =>
        server.close().then(
          () => process.exit(0),
          (error: unknown) => process.exit(fail(error)),
        ),
      () => {},
    );
  };
  const onSignal = (): void => {
    if (insists) process.exit(1);
    stop();
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, onSignal);
  onParentEnd(stop);
}

/** npm passes a signal on to its shell, which can end without passing it on: the process would run on without a parent. */
export function onParentEnd(stop: () => void): void {
  if (!["start", "npx"].includes(process.env["npm_lifecycle_event"] ?? "")) return; // other scripts may start it to stay
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, parentCheck).unref();
}
