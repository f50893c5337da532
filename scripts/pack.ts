// Makes the tarballs of the published packages: `npm run pack`. Each package is built in `dist/<name>`, from where
// `changeset publish` takes it, and packed into `dist`.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleCarnet } from "./pack/bundle.ts";
import { compileLibrary } from "./pack/library.ts";
import { publishedManifest, readManifest } from "./pack/manifest.ts";
import { copyPages } from "./pack/pages.ts";
import { run } from "./pack/run.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist");
rmSync(out, { recursive: true, force: true });

const builds: Readonly<Record<string, (folder: string) => void | Promise<void>>> = {
  "packages/cli": bundleCarnet,
  "packages/sdk": (folder) => compileLibrary("packages/sdk", folder),
  "packages/guard": (folder) => compileLibrary("packages/guard", folder),
};
for (const [source, build] of Object.entries(builds)) {
  const folder = join(root, source, readManifest(source).publishConfig.directory);
  mkdirSync(folder, { recursive: true });
  await build(folder);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(publishedManifest(source), null, 2)}\n`);
  copyPages(source, folder);
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  const changes = join(root, source, "CHANGELOG.md"); // Made by the first `npm run version-packages`.
  if (existsSync(changes)) cpSync(changes, join(folder, "CHANGELOG.md"));
  run("npm", ["pack", "--silent", "--pack-destination", out], folder);
}
