import type { Usage } from "../processes/usage.ts";
import type { Callers, RequestShape } from "./request-text.ts";

/** One load on one contender. */
export interface Load {
  readonly port: number;
  readonly shape: RequestShape;
  readonly callers: Callers;
  /** The status that each response must have. */
  readonly expect: number;
  readonly pace: Pace;
}

/**
 * `closed`: each connection sends its next request after a response. `open`: requests follow a fixed schedule, and latency
 * counts from when a request was due, not from when it was sent, which avoids coordinated omission.
 */
export type Pace =
  | { readonly kind: "closed"; readonly connections: number }
  | {
      readonly kind: "open";
      readonly connections: number;
      /** Requests per second. Infinity means that a request is always due. */
      readonly rate: number;
      /** `even`: at equal intervals; `poisson`: at random intervals, like independent callers. */
      readonly arrivals: "even" | "poisson";
    };

/** Loads to run at the same time. */
export interface Job {
  readonly loads: readonly Load[];
  /** Processes whose CPU and memory use is measured. */
  readonly pids: readonly number[];
  readonly warmup: number;
  /** The duration in seconds, or the number of responses. */
  readonly measure: { readonly seconds: number } | { readonly answers: number };
  /** How many seconds to wait for an answer before the service counts as stalled. */
  readonly patience: number;
}

export interface LoadResult {
  readonly answers: number;
  /** The number of responses per unexpected status. 0 stands for broken connections. */
  readonly unexpected: Readonly<Record<string, number>>;
  /** The number of requests that got no answer in time. */
  readonly unanswered: number;
  /** An HDR histogram of latencies in microseconds, encoded. */
  readonly latencies: string;
  /** A histogram of how late requests were sent although a connection was free, in microseconds. Open loop only. */
  readonly lateness: string | undefined;
}

export interface JobResult {
  readonly seconds: number;
  readonly loads: readonly LoadResult[];
  /** What the contender's processes used. Undefined if no process is known. */
  readonly usage: Usage | undefined;
  /** The generator's CPU time in microseconds. */
  readonly generatorCpu: number;
}
