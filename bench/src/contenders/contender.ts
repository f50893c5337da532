import type { RequestShape } from "../load/request-text.ts";

/** A token service to measure. To add one, add a file here and a line in `all.ts`. */
export interface Contender {
  /** For the command line and file names: lower case, no spaces. */
  readonly name: string;
  /** For the report. */
  readonly title: string;
  /** What it issues and how it is configured, in one sentence. */
  readonly settings: string;
  readonly version: string;
  /** If it fails, the run ends. Other contenders drop out, with the reason in their row. */
  readonly required: boolean;
  readonly shape: RequestShape;
  /** Prepares an empty folder and returns how to start the process. */
  prepare(place: Place): Promise<Launch>;
}

/** The folder and port of a contender. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** The size of Carnet's response, which the floor matches. */
  readonly answerBytes: number;
}

/** A process to start, or one that is already running. */
export type Launch =
  | {
      readonly kind: "start";
      /** Node's own options, the script and its arguments. */
      readonly args: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: "running"; readonly port: number; readonly pids: readonly number[] };
