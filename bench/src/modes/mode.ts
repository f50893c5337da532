import type { Contender } from "../contenders/contender.ts";
import type { Generator } from "../load/generator-process.ts";
import type { Progress } from "../progress.ts";
import type { Scale } from "../scale.ts";

/** The context of a mode. */
export interface Bench {
  readonly scale: Scale;
  /** Carnet first. */
  readonly contenders: readonly Contender[];
  /** Carnet's worker processes in the mode `recording`. Undefined for one process without a supervisor. */
  readonly workers: number | undefined;
  readonly generator: Generator;
  readonly progress: Progress;
  /** A folder that persists between runs, for example for a store of a million clients. */
  readonly cache: string;
}

/**
 * One kind of measurement. To add one, add a file here, its section of the page in `report/`, and a line in `all.ts`.
 */
export interface Mode<Results> {
  readonly name: string;
  readonly about: string;
  /** Estimates how many seconds it takes. */
  estimate(scale: Scale, contenders: number): number;
  measure(bench: Bench): Promise<Results>;
}
