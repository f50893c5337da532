import type { RunningServer } from "@carnet/server/main";
import type { SupervisorMessage } from "@carnet/server/supervisor/worker-place";
import { stopOnSignal } from "./stop-on-signal.ts";

interface Measured {
  readonly metrics?: { json(): Promise<object> };
}

/**
 * Starts the service in a worker, tells the supervisor when it serves, and does what it says. When the supervisor is gone,
 * the worker stops as after SIGTERM: it accepts nothing more and finishes the requests in progress. Rejects if the start
 * fails.
 */
export async function followSupervisor(
  start: (signal: AbortSignal) => Promise<RunningServer & Measured>,
): Promise<void> {
  const { starting, stop } = stopOnSignal(start, ["SIGTERM"]);
  // The supervisor decides. A terminal sends these two to the workers as well
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const tell = (message: string | object): void => {
    if (process.connected) process.send?.(message);
  };
  process.on("message", (message: SupervisorMessage) => {
    if (message === "stop") stop();
    else if (message === "retire") starting.then((server) => server.retire()).then(stop, stop);
    else
      starting
        .then((server) => server.metrics?.json())
        .then((numbers) => tell(numbers ?? []))
        .catch(() => {}); // the supervisor leaves out a worker that does not answer
  });
  process.on("disconnect", stop);
  process.channel?.unref(); // so that a worker that cannot start ends
  await starting;
  tell("serves");
}
