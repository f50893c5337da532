// Packs a workspace package for publishing: `node scripts/pack.ts packages/sdk out`. The package.json in the workspace
// points at sources, so this merges publishConfig into it and adds the compiled files.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const [source, out] = process.argv.slice(2);
if (source === undefined || out === undefined) {
  process.stderr.write("usage: node scripts/pack.ts <package folder> <folder for the tarball>\n");
  process.exit(2);
}

interface Manifest {
  readonly name: string;
  readonly publishConfig?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

const root = resolve(import.meta.dirname, "..");
const staging = resolve(out, "package");
rmSync(resolve(source, "dist"), { recursive: true, force: true });
run(join(root, "node_modules/.bin/tsc"), ["-b", source], root);

rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
cpSync(resolve(source, "dist"), join(staging, "dist"), {
  recursive: true,
  filter: (path) => !path.endsWith(".tsbuildinfo"),
});
for (const file of readdirSync(join(staging, "dist"), { recursive: true, encoding: "utf8" })) {
  if (/\.(?:js|d\.ts)$/.test(file)) rewriteImports(join(staging, "dist", file));
}
writeFileSync(join(staging, "package.json"), `${JSON.stringify(published(), null, 2)}\n`);
cpSync(resolve(source, "README.md"), join(staging, "README.md"));
cpSync(join(root, "LICENSE"), join(staging, "LICENSE"));
run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", resolve(out)], staging);

/** The published package.json: publishConfig merged over the rest, without development-only members. */
function published(): Record<string, unknown> {
  const manifest: Manifest = JSON.parse(readFileSync(resolve(String(source), "package.json"), "utf8"));
  const { publishConfig = {}, devDependencies: _, scripts: __, ...rest } = manifest;
  const { access, ...overrides } = publishConfig;
  return { ...rest, ...overrides, ...(access === undefined ? {} : { publishConfig: { access } }) };
}

/** Makes the imports of a compiled file work inside the package. Copies the protocol files that it imports. */
function rewriteImports(file: string): void {
  const text = readFileSync(file, "utf8")
    // The compiler rewrites `./x.ts` to `./x.js` in code, but not in declarations.
    .replaceAll(/((?:from|import\()\s*"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"')
    .replaceAll(/"@carnet\/protocol\/([\w-]+)"/g, (_, name) => `"${relativeTo(file, copyProtocol(name))}"`);
  writeFileSync(file, text);
}

/** Copies a protocol file and its own imports into the package, and returns the path of the copy. */
function copyProtocol(name: string): string {
  const copy = join(staging, "dist/protocol", `${name}.js`);
  if (existsSync(copy)) return copy;
  mkdirSync(dirname(copy), { recursive: true });
  for (const extension of ["js", "d.ts"]) {
    const original = join(root, `packages/protocol/dist/${name}.${extension}`);
    const target = copy.replace(/js$/, extension);
    cpSync(original, target);
    for (const [, imported = ""] of readFileSync(original, "utf8").matchAll(/"\.\/([\w-]+)\.[jt]s"/g))
      copyProtocol(imported);
    rewriteImports(target);
  }
  return copy;
}

function relativeTo(file: string, target: string): string {
  const path = relative(dirname(file), target);
  return path.startsWith(".") ? path : `./${path}`;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const done = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
