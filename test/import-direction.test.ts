import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { suite, test } from "node:test";

/** Which packages of the workspace each package may import, in `src`. `testkit` is for tests alone. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ["protocol"],
  server: ["protocol", "core"],
  sdk: ["protocol"],
  guard: ["protocol"],
  console: ["protocol"],
  cli: ["protocol", "core", "server", "sdk"],
  testkit: ["protocol", "core", "server", "sdk"],
};

/** Packages that know no platform: what they may import from outside is named here. */
const outside: Readonly<Record<string, readonly string[]>> = {
  protocol: ["ipaddr.js", "typebox"],
  core: [],
  sdk: [],
};

const root = join(import.meta.dirname, "..");
const packages = readdirSync(join(root, "packages"));

// What an import or export statement, a dynamic import, a type import or a module to be resolved names
const specifiers = /\b(?:from|import|require|import\.meta\.resolve)\s*\(?\s*["']([^"'\n]+)["']/g;

interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** An example in a doc comment imports what its reader installs. */
const docComments = /\/\*\*.*?\*\//gs;

function* importsOf(source: string): Generator<string> {
  for (const [, specifier] of source.replace(docComments, "").matchAll(specifiers))
    if (specifier !== undefined) yield specifier;
}

/** What is wrong with an import of a package, in words, or undefined. */
function problemOf(name: string, { file, specifier }: Import): string | undefined {
  if (specifier.startsWith(".")) {
    const inside = join(root, "packages", name, "src");
    const target = join(file, "..", specifier);
    return relative(inside, target).startsWith("..")
      ? "reaches out of its own src by a relative path: import @carnet/<package>/<path>"
      : undefined;
  }
  const own = /^@carnet\/([^/]+)/.exec(specifier)?.[1];
  if (own !== undefined) {
    const allowed = mayImport[name] ?? [];
    return allowed.includes(own)
      ? undefined
      : `${name} may import ${allowed.join(", ") || "no package of the workspace"}`;
  }
  const known = outside[name];
  if (known === undefined) return undefined;
  return known.some((dependency) => specifier === dependency || specifier.startsWith(`${dependency}/`))
    ? undefined
    : `${name} knows no platform: from outside it may import ${known.join(", ") || "nothing"}`;
}

const sourcesOf = (name: string): readonly string[] => {
  const folder = join(root, "packages", name, "src");
  const entries = readdirSync(join(root, "packages", name)).includes("src")
    ? readdirSync(folder, { recursive: true })
    : [];
  return entries.map((entry) => join(folder, String(entry))).filter((path) => /\.[cm]?[jt]sx?$/.test(path));
};

suite("Imports run one way", () => {
  test("and each package has its place in that", () => {
    assert.deepEqual(
      packages.filter((name) => mayImport[name] === undefined),
      [],
    );
  });

  for (const name of packages) {
    test(`in ${name}`, () => {
      const problems = sourcesOf(name).flatMap((file) =>
        [...importsOf(readFileSync(file, "utf8"))].flatMap((specifier) => {
          const problem = problemOf(name, { file, specifier });
          return problem === undefined ? [] : [`${relative(root, file)} imports ${specifier}: ${problem}`];
        }),
      );
      assert.deepEqual(problems, []);
    });

    test(`in what ${name} depends on by its manifest`, () => {
      const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
      const needed = Object.keys({
        ...manifest.dependencies,
        ...manifest.peerDependencies,
        ...manifest.optionalDependencies,
      });
      const own = needed.flatMap((dependency) => /^@carnet\/(.+)/.exec(dependency)?.[1] ?? []);
      assert.deepEqual(
        own.filter((dependency) => !(mayImport[name] ?? []).includes(dependency)),
        [],
      );
    });
  }

  test("and an import against it is found, however it is written", () => {
    const file = join(root, "packages/core/src/token/mint.ts");
    for (const source of [
      'import { x } from "@carnet/server/main";',
      "import '@carnet/server/main';",
      'export * from "@carnet/server/main";',
      'export {\n  x,\n} from\n  "@carnet/server/main";',
      'const x = await import("@carnet/server/main");',
      'let x: import("@carnet/server/main").X;',
      'import x = require("@carnet/server/main");',
      'import { x } from "../../../server/src/main.ts";',
      'import { x } from "node:fs";',
      'import { x } from "@carnet/testkit/service";',
    ]) {
      const found = [...importsOf(source)].map((specifier) => problemOf("core", { file, specifier }));
      assert.equal(found.length, 1, source);
      assert.match(found[0] ?? "", /^core (may import protocol|knows no platform)|^reaches out/, source);
    }
    assert.deepEqual(
      [...importsOf('import { ok } from "@carnet/protocol/result";')].map((specifier) =>
        problemOf("core", { file, specifier }),
      ),
      [undefined],
    );
  });
});

suite("Packages that know no platform", () => {
  const base = JSON.parse(readFileSync(join(root, "tsconfig.base.json"), "utf8"));
  for (const name of ["protocol", "core"]) {
    test(`are compiled without one: ${name} has no types and the library of the language alone`, () => {
      const own = JSON.parse(readFileSync(join(root, "packages", name, "tsconfig.json"), "utf8"));
      const options = { ...base.compilerOptions, ...own.compilerOptions };
      assert.deepEqual(options.types, []);
      assert.ok(options.lib.length > 0);
      for (const lib of options.lib) assert.match(lib, /^es(\d{4}|next)(\.|$)/);
    });
  }
});
