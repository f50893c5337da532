import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import type { ModeName, Results } from "./modes/all.ts";
import type { ScaleName } from "./scale.ts";

/** The stored results of a mode's latest run, with their context. */
export interface StoredResults<Value> {
  readonly mode: ModeName;
  readonly at: string;
  readonly scale: ScaleName;
  /** The measured commit, with a trailing plus if there were uncommitted changes. Null if unknown. */
  readonly commit: string | null;
  readonly machine: Machine;
  /** Seconds. */
  readonly took: number;
  readonly results: Value;
}

export type AllResults = { readonly [Name in ModeName]?: StoredResults<Results[Name]> };

export function writeResults(folder: string, kept: StoredResults<unknown>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${kept.mode}.json`), `${JSON.stringify(kept, roundFigure, 1)}\n`);
}

/** Reads the stored results of each mode that has any. */
export function readResults(folder: string, names: readonly ModeName[]): AllResults {
  const present = names.filter((name) => existsSync(join(folder, `${name}.json`)));
  return Object.fromEntries(
    present.map((name) => [name, JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))]),
  );
}

/** Five significant digits are more than the measurement's precision. */
const roundFigure = (_name: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
