import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import type { ModeName, Results } from "./modes/all.ts";
import type { ScaleName } from "./scale.ts";

/** What one mode came to in its latest run, with what is needed to judge it. */
export interface Kept<Value> {
  readonly mode: ModeName;
  readonly at: string;
  readonly scale: ScaleName;
  /** Of this checkout; with a plus behind it where the packages are not quite as in it, null where it is not known. */
  readonly commit: string | null;
  readonly machine: Machine;
  /** Seconds. */
  readonly took: number;
  readonly results: Value;
}

export type AllKept = { readonly [Name in ModeName]?: Kept<Results[Name]> };

export function keepResults(folder: string, kept: Kept<unknown>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${kept.mode}.json`), `${JSON.stringify(kept, rounded, 1)}\n`);
}

/** The latest results of each mode that has any. */
export function readResults(folder: string, names: readonly ModeName[]): AllKept {
  const there = names.filter((name) => existsSync(join(folder, `${name}.json`)));
  return Object.fromEntries(
    there.map((name) => [name, JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))]),
  );
}

/** No figure is exact to more than four places, and nobody should read it as if. */
const rounded = (_name: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
