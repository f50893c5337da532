import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Declaration } from "../scripts/api/declarations.ts";
import { undocumented } from "../scripts/api/undocumented.ts";

const declaration = (name: string, text: string, doc = "A thing."): Declaration => ({ name, doc, text, entries: [] });

test("a public name or member without a doc comment is found, unless a base documents it", () => {
  const base = declaration(
    "Base",
    "export declare abstract class Base<T = 1> {\n    /** Yes. */\n    get code(): string;\n}",
  );
  const child = declaration(
    "Child",
    "export declare class Child<T = 1> extends Base<T> {\n    get code(): string;\n    readonly bare?: T;\n    wait(ms: number): void;\n}",
  );
  const silent = declaration("SILENT", 'export declare const SILENT: {\n    readonly us: "x";\n};', "");
  assert.deepEqual(undocumented([base, child, silent]), ["Child.bare", "Child.wait", "SILENT"]);
});

test("the main entry and the functions never load OpenTelemetry", () => {
  const source = join(import.meta.dirname, "../packages/sdk/src");
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, from = ""] of readFileSync(file, "utf8").matchAll(/^(?:import|export|\}) .*from "(.*)";$/gm)) {
      assert.ok(!from.startsWith("@opentelemetry/"), file);
      if (from.startsWith(".")) visit(join(dirname(file), from));
    }
  };
  for (const entry of ["index.ts", "funcs.ts"]) visit(join(source, entry));
  assert.equal(seen.size, globSync("**/*.ts", { cwd: source }).length - 1); // All files but opentelemetry.ts.
});
