import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { suite, test } from "node:test";

/** Folders with their own rule, separate from the rest of their package. */
const folders = ["protocol/admin", "server/http"];

/**
 * The parts of the workspace that the `src` of each part may import. `protocol` has no dependencies; the schemas of the
 * admin API are `protocol/admin`. Only the service itself knows `server/http`. Only tests import `testkit`.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  "protocol/admin": ["protocol"],
  core: ["protocol", "protocol/admin"],
  server: ["protocol", "protocol/admin", "core", "server/http"],
  "server/http": ["protocol", "protocol/admin", "core", "server"],
  sdk: ["protocol"],
  guard: ["protocol"],
  console: ["protocol", "protocol/admin"],
  cli: ["protocol", "protocol/admin", "core", "server", "sdk"],
  testkit: ["protocol", "protocol/admin", "core", "server", "server/http", "sdk"],
};

/** The parts that run on any platform, with the dependencies that they may import from outside the workspace. */
const outside: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  "protocol/admin": ["typebox"],
  core: ["ipaddr.js"],
  guard: ["jose"],
  sdk: ["@opentelemetry/api"], // An optional peer, for the entry `opentelemetry` only.
};

const root = join(import.meta.dirname, "..");
const packages = readdirSync(join(root, "packages"));

/** Matches the module name in import and export statements, dynamic imports, type imports and `import.meta.resolve`. */
const specifiers = /\b(?:from|import|require|import\.meta\.resolve)\s*\(?\s*["']([^"'\n]+)["']/g;

/** Skipped, because the examples in them import published packages. */
const docComments = /\/\*\*.*?\*\//gs;

function* importsOf(source: string): Generator<string> {
  for (const [, specifier] of source.replace(docComments, "").matchAll(specifiers))
    if (specifier !== undefined) yield specifier;
}

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const packageOf = (path: string): string => path.split("/")[0] ?? "";

/** The part of the workspace that a path such as `server/http/app` belongs to. */
const partOf = (path: string): string => folders.find((folder) => path.startsWith(`${folder}/`)) ?? packageOf(path);

/** The path of a source file, such as `server/http/app.ts`. */
const pathOf = (file: string): string => relative(join(root, "packages"), file).replace("/src/", "/");

/** Describes the problem with an import. Undefined if it is allowed. */
function problemOf({ file, specifier }: Import): string | undefined {
  const path = pathOf(file);
  const part = partOf(path);
  const isRelative = specifier.startsWith(".");
  const named = /^@carnet\/(.+)/.exec(specifier.replace(/^carnet\//, "@carnet/cli/"))?.[1];
  const target = isRelative ? pathOf(join(file, "..", specifier)) : named;
  if (target === undefined) return outsideProblem(part, specifier);
  if (isRelative && packageOf(target) !== packageOf(path))
    return "a relative import must stay in its package: import @carnet/<package>/<path>";
  const allowed = mayImport[part] ?? [];
  const isAllowed = (isRelative && partOf(target) === part) || allowed.includes(partOf(target));
  return isAllowed ? undefined : `${part} may import ${allowed.join(", ") || "nothing else of the workspace"}`;
}

function outsideProblem(part: string, specifier: string): string | undefined {
  const known = outside[part];
  if (known === undefined) return undefined;
  return known.some((dependency) => specifier === dependency || specifier.startsWith(`${dependency}/`))
    ? undefined
    : `${part} runs on any platform: from outside it may import ${known.join(", ") || "nothing"}`;
}

const sourcesOf = (name: string): readonly string[] => {
  const folder = join(root, "packages", name, "src");
  const entries = readdirSync(join(root, "packages", name)).includes("src")
    ? readdirSync(folder, { recursive: true })
    : [];
  return entries.map((entry) => join(folder, String(entry))).filter((path) => /\.[cm]?[jt]sx?$/.test(path));
};

suite("Imports run one way", () => {
  test("every package has a rule", () => {
    assert.deepEqual(
      packages.filter((name) => mayImport[name] === undefined),
      [],
    );
  });

  for (const name of packages) {
    test(`in the sources of ${name}`, () => {
      const problems = sourcesOf(name).flatMap((file) =>
        [...importsOf(readFileSync(file, "utf8"))].flatMap((specifier) => {
          const problem = problemOf({ file, specifier });
          return problem === undefined ? [] : [`${relative(root, file)} imports ${specifier}: ${problem}`];
        }),
      );
      assert.deepEqual(problems, []);
    });

    test(`in the manifest of ${name}`, () => {
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

  const problemsIn = (file: string, source: string) =>
    [...importsOf(source)].map(
      (specifier) => problemOf({ file: join(root, "packages", file), specifier }) ?? "allowed",
    );

  test("a forbidden import is found in every syntax", () => {
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
      const [problem = "", ...others] = problemsIn("core/src/token/mint.ts", source);
      assert.deepEqual(others, [], source);
      assert.match(problem, /^core (may import protocol|runs on any platform)|^a relative import must stay/, source);
    }
    assert.deepEqual(problemsIn("core/src/token/mint.ts", 'import { ok } from "@carnet/protocol/result";'), [
      "allowed",
    ]);
  });

  for (const [file, specifier, expected] of [
    ["sdk/src/sdk.ts", "@carnet/protocol/result", /^allowed$/],
    ["sdk/src/sdk.ts", "@carnet/protocol/admin/clients", /^sdk may import protocol$/],
    ["protocol/src/scope.ts", "./admin/clients.ts", /^protocol may import nothing else/],
    ["protocol/src/scope.ts", "typebox", /^protocol runs on any platform/],
    ["protocol/src/admin/clients.ts", "../result.ts", /^allowed$/],
    ["protocol/src/admin/clients.ts", "typebox/value", /^allowed$/],
    ["cli/src/program.ts", "@carnet/server/version", /^allowed$/],
    ["cli/src/program.ts", "@carnet/server/http/app", /^cli may import/],
    ["server/src/main.ts", "carnet/program", /^server may import/],
  ] as const)
    test(`${file} importing ${specifier}: ${expected.source}`, () => {
      const [problem = ""] = problemsIn(file, `import { x } from "${specifier}";`);
      assert.match(problem, expected);
    });
});

suite("Packages that run on any platform", () => {
  const base = JSON.parse(readFileSync(join(root, "tsconfig.base.json"), "utf8"));
  for (const name of ["protocol", "core"]) {
    test(`${name} is compiled against ECMAScript alone, without platform types`, () => {
      const own = JSON.parse(readFileSync(join(root, "packages", name, "tsconfig.json"), "utf8"));
      const options = { ...base.compilerOptions, ...own.compilerOptions };
      assert.deepEqual(options.types, []);
      assert.ok(options.lib.length > 0);
      for (const lib of options.lib) assert.match(lib, /^es(\d{4}|next)(\.|$)/);
    });
  }
});
