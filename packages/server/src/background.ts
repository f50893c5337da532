import type { Log } from "./log/logger.ts";
import type { ServiceCounts } from "./metrics/service-counts.ts";
import { StoreBusy } from "./store/store-busy.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";

/** Periodic work. */
export interface BackgroundTask {
  readonly name: string;
  /** The pause between two runs, in milliseconds. */
  readonly every: number;
  /** Whether it also runs at once. */
  readonly atStart?: boolean;
  run(): Promise<void>;
}

/** A warning is logged after so many busy runs in a row: for the last uses, after 15 seconds. */
const busyRunsBeforeWarning = 3;

interface BackgroundPorts {
  readonly log: Log;
  readonly counts: Pick<ServiceCounts, "taskSucceeded" | "taskFailed">;
}

/** Runs tasks until they are stopped. A task that fails is logged and runs again. Stopping waits for running tasks. */
export function startBackground(
  tasks: readonly BackgroundTask[],
  { log, counts }: BackgroundPorts,
): () => Promise<void> {
  let stopped = false;
  const running = new Set<Promise<void>>();
  const timers = tasks.map(({ name, every, atStart = false, run }) => {
    let active = false;
    let busyRuns = 0;
    const report = (error: unknown): void => {
      counts.taskFailed(name);
      if (error instanceof StoreUnavailable) return; // logged once, by whoever polls for changes
      if (!(error instanceof StoreBusy)) log.fault("background_task_failed", error, { task: name });
      else if (++busyRuns === busyRunsBeforeWarning) log.warn("store_busy", { task: name, runs: busyRuns });
    };
    const start = (): void => {
      if (active || stopped) return;
      active = true;
      const work = run()
        .then(() => {
          busyRuns = 0;
          counts.taskSucceeded(name);
        })
        .catch(report)
        .finally(() => {
          active = false;
          running.delete(work);
        });
      running.add(work);
    };
    if (atStart) start();
    return setInterval(start, every).unref();
  });
  return async () => {
    stopped = true;
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
}
