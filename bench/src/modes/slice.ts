import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import type { Generator } from "../load/generator-process.ts";
import type { Load, Pace } from "../load/job.ts";
import type { Callers } from "../load/request-text.ts";
import type { RunningContender } from "../processes/running-contender.ts";
import { client } from "../workload.ts";

/** The figures of one contender in one round. */
export interface Slice {
  /** Responses per second. */
  readonly rate: number;
  /** CPU microseconds per response in user and kernel mode, over all processes. Null if no process is known. */
  readonly user: number | null;
  readonly system: number | null;
  /** Resident bytes at the end. Null if no process is known. */
  readonly resident: number | null;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** The 99th percentile of the generator's own delay, in microseconds. Null for a closed loop. */
  readonly late: number | null;
  /** The share of one CPU that the load generator used. */
  readonly generator: number;
}

export interface SliceOptions {
  readonly pace: Pace;
  readonly warmup: number;
  readonly measure: { readonly seconds: number } | { readonly answers: number };
  readonly callers?: Callers;
  readonly expect?: number;
  /** Loads that run at the same time and are not measured. */
  readonly concurrent?: readonly Load[];
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

/** Measures one contender for one round. */
export async function measureSlice(
  running: RunningContender,
  generator: Generator,
  options: SliceOptions,
): Promise<Slice> {
  const { warmup, measure, pace, concurrent = [] } = options;
  const loads = [loadOn(running, pace, options), ...concurrent];
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
    resident: usage?.resident ?? null,
    p50: latencies.getValueAtPercentile(50),
    p99: latencies.getValueAtPercentile(99),
    p999: latencies.getValueAtPercentile(99.9),
    late,
    generator: result.generatorCpu / 1e6 / result.seconds,
  };
}
