import type { Log } from "./log/logger.ts";

/** Something that is done again and again beside the requests. */
export interface BackgroundTask {
  readonly name: string;
  /** The pause between two runs, in milliseconds. */
  readonly every: number;
  run(): Promise<void>;
}

/** Runs tasks until it is told to stop; one that fails is logged and runs again. Stopping waits for what runs. */
export function startBackground(tasks: readonly BackgroundTask[], log: Log): () => Promise<void> {
  let stopped = false;
  const running = new Set<Promise<void>>();
  const timers = tasks.map(({ name, every, run }) => {
    let busy = false;
    const timer = setInterval(() => {
      if (busy || stopped) return;
      busy = true;
      const work = run()
        .catch((error: unknown) => log.fault("background_task_failed", error, { task: name }))
        .finally(() => {
          busy = false;
          running.delete(work);
        });
      running.add(work);
    }, every);
    return timer.unref();
  });
  return async () => {
    stopped = true;
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
}
