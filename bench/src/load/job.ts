import type { Usage } from "../processes/usage.ts";
import type { Callers, RequestShape } from "./request-text.ts";

/** One load on one contender, as the harness orders it from the generator. */
export interface Load {
  readonly port: number;
  readonly shape: RequestShape;
  readonly callers: Callers;
  /** The status that each answer must have. */
  readonly expect: number;
  readonly pace: Pace;
}

/**
 * `closed`: each connection sends its next request when it has its answer. `open`: requests are due by a schedule that
 * waits for nobody, and a latency counts from when its request was due, not from when it could be sent.
 */
export type Pace =
  | { readonly kind: "closed"; readonly connections: number }
  | {
      readonly kind: "open";
      readonly connections: number;
      /** Requests a second; infinity where there is always one more due. */
      readonly rate: number;
      /** `even`: at equal distances; `poisson`: at random, as independent callers come. */
      readonly arrivals: "even" | "poisson";
    };

/** Loads to be put on at the same time. */
export interface Job {
  readonly loads: readonly Load[];
  /** Processes whose use of the machine is measured. */
  readonly pids: readonly number[];
  readonly warmup: number;
  /** Seconds, or the number of answers after which it ends. */
  readonly measure: { readonly seconds: number } | { readonly answers: number };
}

export interface LoadResult {
  readonly answers: number;
  /** Answers with another status than the expected one, by status; 0: broken connections. */
  readonly unexpected: Readonly<Record<string, number>>;
  /** An HDR histogram of latencies in microseconds, encoded. */
  readonly latencies: string;
  /** Of how long after they were due requests were sent though a connection was free, in microseconds; open loop only. */
  readonly lateness: string | undefined;
}

export interface JobResult {
  readonly seconds: number;
  readonly loads: readonly LoadResult[];
  /** What the contender's processes used meanwhile; undefined where none were named. */
  readonly usage: Usage | undefined;
  /** CPU microseconds that the generator used. */
  readonly generatorCpu: number;
}
