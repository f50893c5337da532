import { setTimeout as pause } from "node:timers/promises";
import { readUsage, type Usage, usageBetween } from "../processes/usage.ts";
import type { Job, JobResult } from "./job.ts";
import { Meter } from "./meter.ts";
import { type PacedLoad, startLoad } from "./paced-load.ts";

// The load generator process: receives one job at a time over its IPC channel and replies with the result.

process.on("message", (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

interface Measured {
  readonly seconds: number;
  readonly usage: Usage;
  readonly generatorCpu: number;
}

async function run(job: Job): Promise<JobResult> {
  const meters = job.loads.map((load) => new Meter(load.expect));
  const loads: PacedLoad[] = [];
  let measured: Measured;
  let unanswered: readonly number[] = [];
  try {
    for (const [index, load] of job.loads.entries()) loads.push(await startLoad(load, meters[index] ?? new Meter(0)));
    measured = await measureUnderLoad(job, meters);
  } finally {
    unanswered = await Promise.all(loads.map((load) => load.stop(job.patience)));
  }
  return {
    ...measured,
    loads: meters.map((meter, index) => meter.result(unanswered[index] ?? 0)),
    usage: job.pids.length === 0 ? undefined : measured.usage,
  };
}

async function measureUnderLoad(job: Job, meters: readonly Meter[]): Promise<Measured> {
  await pause(job.warmup * 1000);
  const cpuBefore = process.cpuUsage();
  const usageBefore = readUsage(job.pids);
  const start = performance.now();
  for (const meter of meters) meter.start();
  await untilMeasured(job, meters);
  for (const meter of meters) meter.stop();
  const seconds = (performance.now() - start) / 1000;
  const usage = usageBetween(usageBefore, readUsage(job.pids));
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, usage, generatorCpu: user + system };
}

/** Waits for the measuring time and a first answer, or for the wanted answers. Gives up when no more answers come. */
async function untilMeasured({ measure, patience }: Job, meters: readonly Meter[]): Promise<void> {
  const wanted = "answers" in measure ? measure.answers : 1;
  const seen = (): number => meters.reduce((sum, meter) => sum + meter.seen, 0);
  if ("seconds" in measure) await pause(measure.seconds * 1000);
  let [before, since] = [seen(), performance.now()];
  while (meters.some((meter) => meter.seen < wanted)) {
    await pause(10);
    if (seen() > before) [before, since] = [seen(), performance.now()];
    else if (performance.now() - since > patience * 1000) return;
  }
}
