import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import type { Generator } from "../load/generator-process.ts";
import type { Load, Pace } from "../load/job.ts";
import type { Callers } from "../load/request-text.ts";
import type { RunningContender } from "../processes/running-contender.ts";
import { client } from "../work.ts";

/** What one turn of one contender came to. */
export interface Slice {
  /** Answers a second. */
  readonly rate: number;
  /** CPU microseconds an answer, in user mode and in the kernel, of all its processes; null where they are not known. */
  readonly user: number | null;
  readonly system: number | null;
  /** The same of its main thread alone, which is what a single-threaded server can run out of. */
  readonly mainThread: number | null;
  /** Bytes in memory at the end; null where its processes are not known. */
  readonly resident: number | null;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** How late the generator itself was to send, at the 99th percentile, in microseconds; null for a closed loop. */
  readonly late: number | null;
  /** How much of one CPU the load generator used. */
  readonly generator: number;
}

export interface SliceOptions {
  readonly pace: Pace;
  readonly warmup: number;
  readonly measure: { readonly seconds: number } | { readonly answers: number };
  readonly callers?: Callers;
  readonly expect?: number;
  /** Loads beside this one, whose figures are not taken. */
  readonly beside?: readonly Load[];
}

export const oneClient: Callers = { kind: "one", ...client };
export const wrongSecret: Callers = { kind: "one", id: client.id, secret: `${client.secret}-wrong` };
export const unknownClient: Callers = { kind: "one", id: `${client.id}-unknown`, secret: client.secret };

/** The load of a contender. */
export const loadOn = (running: RunningContender, pace: Pace, options: Partial<SliceOptions> = {}): Load => ({
  port: running.port,
  shape: running.contender.shape,
  callers: options.callers ?? oneClient,
  expect: options.expect ?? 200,
  pace,
});

/** Gives one contender its turn. */
export async function measureSlice(
  running: RunningContender,
  generator: Generator,
  options: SliceOptions,
): Promise<Slice> {
  const { warmup, measure, pace, beside = [] } = options;
  const loads = [loadOn(running, pace, options), ...beside];
  const result = await generator.run({ loads, pids: running.pids, warmup, measure });
  const [own] = result.loads;
  if (own === undefined) throw new Error("the load generator lost a load");
  const all = result.loads.reduce((sum, load) => sum + load.answers, 0);
  const latencies = decodeFromCompressedBase64(own.latencies);
  const late = own.lateness === undefined ? null : decodeFromCompressedBase64(own.lateness).getValueAtPercentile(99);
  const { usage } = result;
  return {
    rate: own.answers / result.seconds,
    user: usage === undefined ? null : usage.user / all,
    system: usage === undefined ? null : usage.system / all,
    mainThread: usage === undefined ? null : usage.mainThread / all,
    resident: usage?.resident ?? null,
    p50: latencies.getValueAtPercentile(50),
    p99: latencies.getValueAtPercentile(99),
    p999: latencies.getValueAtPercentile(99.9),
    late,
    generator: result.generatorCpu / 1e6 / result.seconds,
  };
}
