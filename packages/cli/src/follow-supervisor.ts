import type { RunningServer } from "@carnet/server/main";
import type { SupervisorMessage, WorkerReport } from "@carnet/server/supervisor/worker-place";
import { stopOnSignal } from "./stop-on-signal.ts";

/**
 * Starts the service in a worker, tells the supervisor when it serves, and does what it says. When the supervisor is gone,
 * the worker stops as after SIGTERM: it accepts nothing more and finishes the requests in progress. Rejects if the start
 * fails.
 */
export async function followSupervisor(start: (signal: AbortSignal) => Promise<RunningServer>): Promise<void> {
  const { starting, stop } = stopOnSignal(start, ["SIGTERM"]);
  // The supervisor decides. A terminal sends these two to the workers as well
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const tell = (message: "serves" | WorkerReport): void => {
    if (process.connected) process.send?.(message);
  };
  const report = async (server: RunningServer): Promise<void> =>
    tell({ metrics: await server.metrics.json(), readiness: await server.readiness() });
  const retire = async (server: RunningServer): Promise<void> => {
    await server.retire();
    await report(server); // the last numbers of this worker
  };
  process.on("message", (message: SupervisorMessage) => {
    if (message === "stop") stop();
    else if (message === "retire") starting.then(retire).then(stop, stop);
    else starting.then(report).catch(() => {}); // the supervisor leaves out a worker that does not answer
  });
  process.on("disconnect", stop);
  process.channel?.unref(); // so that a worker that cannot start ends
  await starting;
  tell("serves");
}
