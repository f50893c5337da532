import type { Reports, RunningServer } from "@carnet/server/main";
import type { SupervisorMessage, WorkerMessage } from "@carnet/server/supervisor/worker-place";
import { stopOnSignal } from "./stop-on-signal.ts";

/**
 * Starts the service in a worker, tells the supervisor when it serves, and does what it says. When the supervisor is gone,
 * the worker stops as after SIGTERM: it accepts nothing more and finishes the requests in progress. Rejects if the start
 * fails.
 */
export async function followSupervisor(
  start: (signal: AbortSignal, whenWatched: (reports: Reports) => void) => Promise<RunningServer>,
): Promise<void> {
  let reports: Reports | undefined;
  const { starting, stop } = stopOnSignal((signal) => start(signal, (watched) => (reports = watched)), ["SIGTERM"]);
  // The supervisor decides. A terminal sends these two to the workers as well
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const tell = (message: WorkerMessage): void => {
    if (process.connected) process.send?.(message);
  };
  const tellMetrics = async (): Promise<void> => tell({ metrics: (await reports?.metrics()) ?? [] });
  const retire = async (server: RunningServer): Promise<void> => {
    await server.retire();
    await tellMetrics(); // the last numbers of this worker
  };
  process.on("message", (message: SupervisorMessage) => {
    if (message === "stop") stop();
    else if (message === "retire") starting.then(retire).then(stop, stop);
    else if (message === "metrics")
      tellMetrics().catch(() => {}); // the supervisor does without an answer
    else reports?.readiness().then((readiness) => tell({ readiness }));
  });
  process.on("disconnect", stop);
  process.channel?.unref(); // so that a worker that cannot start ends
  await starting;
  tell("serves");
}
