import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/** The parts of the machine that matter for the figures. */
export interface Machine {
  readonly processor: string;
  readonly cpus: number;
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  readonly openssl: string;
  /** The one-minute load average before the run. It should be near zero. */
  readonly loadBefore: number;
}

export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? processorOfLinux(),
  cpus: availableParallelism(),
  memory: totalmem(),
  system: `${type()} ${release()}`,
  node: process.version,
  openssl: process.versions.openssl ?? "",
  loadBefore: loadavg()[0] ?? Number.NaN,
});

const processorOfLinux = (): string => /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
