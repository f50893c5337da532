import { setTimeout as pause } from "node:timers/promises";
import { readUsage, usageBetween } from "../processes/usage.ts";
import type { Job, JobResult } from "./job.ts";
import { Meter } from "./meter.ts";
import { startLoad } from "./paced-load.ts";

// The load generator process: receives one job at a time over its IPC channel and replies with the result.

process.on("message", (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function run(job: Job): Promise<JobResult> {
  const meters = job.loads.map((load) => new Meter(load.expect));
  const loads = await Promise.all(job.loads.map((load, index) => startLoad(load, meters[index] ?? new Meter(0))));
  await pause(job.warmup * 1000);
  const cpuBefore = process.cpuUsage();
  const usageBefore = readUsage(job.pids);
  const start = performance.now();
  for (const meter of meters) meter.start();
  await untilMeasured(job.measure, meters);
  for (const meter of meters) meter.stop();
  const seconds = (performance.now() - start) / 1000;
  const usage = usageBetween(usageBefore, readUsage(job.pids));
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const load of loads) load.stop();
  return {
    seconds,
    loads: meters.map((meter) => meter.result()),
    usage: job.pids.length === 0 ? undefined : usage,
    generatorCpu: user + system,
  };
}

/** How long to wait for a first response after the measuring time, in milliseconds. */
const timeoutMs = 5000;

async function untilMeasured(measure: Job["measure"], meters: readonly Meter[]): Promise<void> {
  const wanted = "answers" in measure ? measure.answers : 1;
  if ("seconds" in measure) await pause(measure.seconds * 1000);
  const start = performance.now();
  while (meters.some((meter) => meter.answers < wanted)) {
    if (wanted === 1 && performance.now() - start > timeoutMs) return;
    await pause(10);
  }
}
