// Copies the versions of the published packages into their code, where a bundle keeps them. Part of
// `npm run version-packages`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "./pack/manifest.ts";

const files = { "packages/cli": "packages/server/src/version.ts", "packages/sdk": "packages/sdk/src/version.ts" };

for (const [folder, file] of Object.entries(files)) {
  const path = join(import.meta.dirname, "..", file);
  const { version } = readManifest(folder);
  writeFileSync(path, readFileSync(path, "utf8").replace(/= "[^"]*";/, `= ${JSON.stringify(version)};`));
}
