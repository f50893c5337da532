import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { play } from "./play.ts";
import type { createMemoryStore } from "./stores.ts";

/** A wrong line in the code that the model tests. */
export interface PlantedFault {
  readonly file: `core/src/${string}.ts` | `server/src/${string}.ts`;
  /** What it replaces. Must occur once. */
  readonly code: string;
  readonly fault: string;
}

const planted: PlantedFault[] = [];

/** The modules that each fault has copies of: the key ring, and the model that imports it. */
const copied =
  /\/(core\/src\/key|core\/src\/revocation|server\/src\/crypto\/key-ring|server\/src\/configuration\/key-settings|test\/keys\/model\/(play|rules|world|stores))\b/;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const [, mark] = /(\?fault=\d+)$/.exec(context.parentURL ?? "") ?? [];
    return mark === undefined || !copied.test(resolved.url) ? resolved : { ...resolved, url: `${resolved.url}${mark}` };
  },
  load(url, context, next) {
    const [, path = "", number] = /^(.*)\?fault=(\d+)$/.exec(url) ?? [];
    const { file, code, fault } = planted[Number(number)] ?? {};
    if (file === undefined || !path.endsWith(`/packages/${file}`)) return next(url, context);
    const source = readFileSync(fileURLToPath(path), "utf8");
    return { format: "module-typescript", source: source.replace(code ?? "", () => fault ?? ""), shortCircuit: true };
  },
});

/** Loads the model with a copy of the key ring that has a fault. */
export async function plant(fault: PlantedFault): Promise<FaultyModel> {
  const source = readFileSync(new URL(`../../../packages/${fault.file}`, import.meta.url), "utf8");
  assert.equal(source.split(fault.code).length, 2, `${fault.file} must have this once: ${fault.code}`);
  const mark = `?fault=${planted.push(fault) - 1}`;
  return { ...(await import(`./play.ts${mark}`)), ...(await import(`./stores.ts${mark}`)) };
}

interface FaultyModel {
  readonly play: typeof play;
  readonly createMemoryStore: typeof createMemoryStore;
}
