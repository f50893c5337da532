import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { run } from "./run.ts";

const root = join(import.meta.dirname, "../..");

/** Compiles a package such as `packages/sdk` into `dist` of a folder, with the protocol files that it imports. */
export function compileLibrary(name: string, folder: string): void {
  const source = join(root, name);
  rmSync(join(source, "dist"), { recursive: true, force: true });
  run("tsc", ["-b", source], root);
  cpSync(join(source, "dist"), join(folder, "dist"), {
    recursive: true,
    filter: (path) => !path.endsWith(".tsbuildinfo"),
  });
  for (const file of readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }))
    if (isCode(file)) rewriteImports(folder, join(folder, "dist", file));
}

const isCode = (file: string): boolean => /\.(?:js|d\.ts)$/.test(file);

/** Makes the imports of a compiled file work inside the package. Copies the protocol files that it imports. */
function rewriteImports(folder: string, file: string): void {
  const text = readFileSync(file, "utf8")
    // The compiler rewrites `./x.ts` to `./x.js` in code, but not in declarations.
    .replaceAll(/((?:from|import\()\s*"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"')
    .replaceAll(/"@carnet\/protocol\/([\w-]+)"/g, (_, name) => `"${relativeTo(file, copyProtocol(folder, name))}"`);
  writeFileSync(file, text);
}

/** Copies a protocol file and its own imports into the package, and returns the path of the copy. */
function copyProtocol(folder: string, name: string): string {
  const copy = join(folder, "dist/protocol", `${name}.js`);
  if (existsSync(copy)) return copy;
  mkdirSync(dirname(copy), { recursive: true });
  for (const extension of ["js", "js.map", "d.ts"]) {
    const original = join(root, `packages/protocol/dist/${name}.${extension}`);
    const target = copy.replace(/js$/, extension);
    cpSync(original, target);
    if (!isCode(target)) continue;
    for (const [, imported = ""] of readFileSync(original, "utf8").matchAll(/"\.\/([\w-]+)\.[jt]s"/g))
      copyProtocol(folder, imported);
    rewriteImports(folder, target);
  }
  return copy;
}

function relativeTo(file: string, target: string): string {
  const path = relative(dirname(file), target);
  return path.startsWith(".") ? path : `./${path}`;
}
