import { fail } from "./failure.ts";

/** Ctrl+C under npm can signal twice: by the terminal and by npm. Signals within this time count as one. */
const sameSignal = 1000;

/** How often to look for the parent process, in milliseconds. */
const parentCheck = 250;

/**
 * Starts the service, and stops it gracefully on the first of the signals, when npm's shell ends, or by `stop`, and
 * immediately on a later signal. A signal during the start stops the service once it has started, or no longer waits for
 * its store. The caller reports a failed start.
 */
export function stopOnSignal<Service extends { close(): Promise<void> }>(
  start: (signal: AbortSignal) => Promise<Service>,
  signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP"],
): { readonly starting: Promise<Service>; stop(): void } {
  const ending = new AbortController(); // ends a start that waits for the store
  const starting = start(ending.signal);
  let stopping = false;
  let insists = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => (insists = true), sameSignal).unref();
    ending.abort();
    starting.then(
      (server) =>
        server.close().then(
          () => process.exit(0),
          (error: unknown) => process.exit(fail(error)),
        ),
      (error: unknown) => {
        if (error === ending.signal.reason) process.exit(0);
      },
    );
  };
  const onSignal = (): void => {
    if (insists) process.exit(1);
    stop();
  };
  for (const signal of signals) process.on(signal, onSignal);
  onParentEnd(stop);
  return { starting, stop };
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
