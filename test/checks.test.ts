import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { subjectProblem } from "../scripts/commit-subjects.ts";

const root = join(import.meta.dirname, "..");

/** The lint rules that these files break, under the configuration of this repository. */
function brokenRules(files: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "carnet-lint-"));
  try {
    for (const needed of ["biome.json", "scripts/lint"])
      cpSync(join(root, needed), join(folder, needed), { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const biome = join(root, "node_modules/.bin/biome");
    const args = ["lint", "--vcs-enabled=false", "--diagnostic-level=error", "--reporter=github"];
    const { stdout } = spawnSync(biome, args, { cwd: folder, encoding: "utf8" });
    return [...stdout.matchAll(/^::error title=(?:lint\/\w+\/)?(\w+)/gm)].map(([, rule = ""]) => rule);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

suite("npm run check", () => {
  test("refuses an import cycle, even of types only", () => {
    const a = 'export type { B } from "./b.ts";\nexport const a = 1;\n';
    const rulesFor = (b: string) => brokenRules({ "bench/src/a.ts": a, "bench/src/b.ts": b });
    assert.deepEqual(rulesFor("export type B = string;\n"), []);
    for (const statement of ["import { a } from", "import type { a } from"])
      assert.ok(rulesFor(`${statement} "./a.ts";\nexport type B = typeof a;\n`).includes("noImportCycles"), statement);
    assert.deepEqual(rulesFor('export type B = typeof import("./a.ts").a;\n'), ["plugin"]);
    assert.ok(
      rulesFor('export type B = string;\nexport const load = () => import("./a.ts");\n').includes("noImportCycles"),
    );
  });

  test("refuses a file of more than 300 lines", () => {
    const file = (lines: number) => ({ "packages/sdk/src/long.ts": "export {};\n".repeat(lines) });
    assert.deepEqual(brokenRules(file(300)), []);
    assert.deepEqual(brokenRules(file(301)), ["noExcessiveLinesPerFile"]);
  });

  test("refuses a commit subject that is too long or names no area", () => {
    assert.equal(subjectProblem("core: find secrets by digest"), undefined);
    assert.equal(subjectProblem(`core: ${"x".repeat(66)}`), undefined);
    assert.match(subjectProblem(`core: ${"x".repeat(67)}`) ?? "", /has 73 characters/);
    for (const subject of ["Find secrets by digest", "secrets: find them", "core:find", "core find", ""])
      assert.match(subjectProblem(subject) ?? "", /must start with an area/, subject);
  });
});
