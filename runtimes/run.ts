// Tests the packages as users get them. It makes the tarballs and the single executable, and uses `carnet`. It installs the
// SDK and the guard, runs the SDK's test suite and an API with the guard on each runtime, and compiles a consumer with an old
// and a new TypeScript. Last come publint, attw and size-limit. Start it with `npm run runtimes` at the root.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const here = import.meta.dirname;
const root = resolve(here, "..");
const dist = join(here, "dist");
const consumer = join(dist, "consumer");
const modules = join(here, "node_modules");

interface Step {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

const failed: string[] = [];

/** Runs one step and records a failure. Prints the output only if it failed. */
function attempt({ title, command, args, cwd = consumer }: Step): boolean {
  const done = spawnSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
  const output = `${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}`;
  const ok = done.status === 0;
  process.stdout.write(`${ok ? "ok  " : "FAIL"} ${title}${ok ? summary(output) : `\n${output}`}\n`);
  if (!ok) failed.push(title);
  return ok;
}

/** The number of passed tests in the format of each runtime, the growth of the heap, or the bundle size. Empty for other steps. */
function summary(output: string): string {
  const count = /^(?:# |ℹ )pass (\d+)|^\s*(\d+) pass$|(\d+) passed/m.exec(output);
  const size = /Size:\s+(.*)/.exec(output)?.[1];
  const heap = [...output.matchAll(/: (-?[\d.]+) bytes per call/g)].map(([, bytes]) => bytes).join(" and ");
  if (heap) return `: ${heap} bytes per call`;
  return count ? `: ${count[1] ?? count[2] ?? count[3]} tests` : size ? `: ${size}` : "";
}

function must(step: Step): void {
  if (!attempt(step)) process.exit(1);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(consumer, { recursive: true });
must({ title: "pack", command: "npm", args: ["run", "executable"], cwd: root });
const tarballs = globSync("dist/*.tgz", { cwd: root }).map((file) => join(root, file));
const sdk = tarballs.find((file) => file.includes("carnet-sdk")) ?? "";
const guard = tarballs.find((file) => file.includes("carnet-guard")) ?? "";
const packages = ["--test", "runtimes/packages.test.ts", "runtimes/carnet.test.ts"];
attempt({ title: "the packages, carnet and its executable", command: process.execPath, args: packages, cwd: root });

writeFileSync(join(consumer, "package.json"), '{ "private": true, "type": "module" }\n');
const jose = join(root, "node_modules/jose"); // the guard's only dependency, without a registry
const install = ["install", "--silent", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", sdk, guard, jose];
must({ title: "install the SDK and the guard", command: "npm", args: install });

const sources = join(consumer, "sources");
cpSync(join(root, "packages/sdk/test"), sources, { recursive: true });
writeFileSync(
  join(consumer, "tsconfig.json"),
  JSON.stringify({
    compilerOptions: {
      target: "es2022",
      lib: ["es2024", "dom", "dom.iterable", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      rewriteRelativeImportExtensions: true,
      rootDir: "sources",
      outDir: "tests",
    },
    include: ["sources"],
  }),
);
const compilers = { old: join(modules, "typescript-5.5/bin/tsc"), new: join(modules, "typescript-7/bin/tsc") };
must({ title: "compile the tests against the tarball", command: process.execPath, args: [compilers.new, "-p", "."] });

cpSync(join(here, "consumer"), join(consumer, "compile"), { recursive: true });
for (const [age, compiler] of Object.entries(compilers)) {
  const args = [compiler, "-p", "compile"];
  attempt({ title: `a consumer compiles on the ${age} TypeScript`, command: process.execPath, args });
}

const tests = readdirSync(join(consumer, "tests"))
  .filter((file) => file.endsWith(".test.js"))
  .map((file) => `./tests/${file}`);
const runtimes = [
  ["Node 20", "node-20/bin/node", ["--test", ...tests]],
  ["Node 22", "node-22/bin/node", ["--test", ...tests]],
  ["Node 26", "node-26/bin/node", ["--test", ...tests]],
  ["Bun", "@oven/bun-linux-x64/bin/bun", ["test", ...tests]],
  ["Deno", "@deno/linux-x64-glibc/deno", ["test", "-A", "--no-check", "--node-modules-dir=manual", ...tests]],
] as const;
for (const [name, path, args] of runtimes) {
  const command = join(modules, path);
  if (!existsSync(command)) {
    process.stdout.write(`FAIL ${name} is not installed: npm has it only for Linux on x64\n`);
    failed.push(name);
  } else attempt({ title: `the test suite on ${name}`, command, args });
}

cpSync(join(here, "guard"), join(consumer, "guard"), { recursive: true });
const guardTest = { command: process.execPath, args: ["--test", "runtimes/guard.test.ts"], cwd: root };
attempt({ title: "the guard on Node 20, 22 and 26, Bun, Deno and workerd", ...guardTest });

for (const version of ["20", "22", "26"]) {
  const command = join(modules, `node-${version}/bin/node`);
  const args = ["--expose-gc", "tests/memory/flat-heap.js"];
  attempt({ title: `a flat heap on Node ${version}`, command, args });
}

for (const tarball of tarballs) {
  const publint = ["--no-install", "publint", "--strict", tarball];
  attempt({ title: `publint of ${basename(tarball)}`, command: "npx", args: publint });
  const attw = ["--no-install", "attw", "--profile", "esm-only", tarball];
  attempt({ title: `attw of ${basename(tarball)}`, command: "npx", args: attw });
}
attempt({ title: "bundle", command: process.execPath, args: ["bundle.ts"], cwd: here });
attempt({ title: "size-limit", command: "npx", args: ["--no-install", "size-limit"], cwd: here });

process.stdout.write(failed.length === 0 ? "all steps passed\n" : `failed: ${failed.join(", ")}\n`);
process.exit(failed.length === 0 ? 0 : 1);
