import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/** The machine that figures were taken on, as far as it matters to them. */
export interface Machine {
  readonly processor: string;
  readonly cpus: number;
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  readonly openssl: string;
  /** How many processes wanted to run when it began, on average over a minute: beside them nothing else should. */
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
