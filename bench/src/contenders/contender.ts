import type { RequestShape } from "../load/request-text.ts";

/** Something that issues tokens and can be measured. To add one is to add a file here and a line in `all.ts`. */
export interface Contender {
  /** For the command line and for files: lower case, no spaces. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** What it issues and how it is set, one sentence. */
  readonly settings: string;
  readonly version: string;
  readonly shape: RequestShape;
  /** Makes ready what it needs in an empty folder, and says how its process is started. */
  prepare(place: Place): Promise<Launch>;
}

/** Where a contender is to run. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** How many bytes ours answers, for the floor. */
  readonly answerBytes: number;
}

/** A process to be started, or one that runs already. */
export type Launch =
  | {
      readonly kind: "start";
      /** Node's own options, the script and its arguments. */
      readonly args: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: "running"; readonly port: number; readonly pids: readonly number[] };
