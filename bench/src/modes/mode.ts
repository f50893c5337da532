import type { Contender } from "../contenders/contender.ts";
import type { Generator } from "../load/generator-process.ts";
import type { Progress } from "../progress.ts";
import type { Scale } from "../scale.ts";

/** What a mode has to work with. */
export interface Bench {
  readonly scale: Scale;
  /** Ours first. */
  readonly contenders: readonly Contender[];
  readonly generator: Generator;
  readonly progress: Progress;
  /** For what is worth keeping between runs, such as a store of a million clients. */
  readonly cache: string;
}

/**
 * One thing that is measured. To add one is to add a file here, its section of the page in `report/`, and a line in
 * `all.ts`.
 */
export interface Mode<Results> {
  readonly name: string;
  readonly about: string;
  /** Roughly how many seconds it takes. */
  estimate(scale: Scale, contenders: number): number;
  measure(bench: Bench): Promise<Results>;
}
