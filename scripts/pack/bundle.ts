import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OutputChunk, rolldown } from "rolldown";
import { thirdPartyLicences } from "./licences.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Bundles the `carnet` command and all its dependencies into `dist` of a folder. Each dynamic import becomes a file that is
 * loaded on demand, as in the sources.
 */
export async function bundleCarnet(folder: string): Promise<void> {
  const dist = join(folder, "dist");
  const command = await write(dist, {
    main: join(root, "packages/cli/src/main.ts"),
    yaml: join(root, "packages/server/src/configuration/yaml.ts"),
  });
  // The places where `#reader` and reader-script.ts expect them
  const script = join(reader, "js/standalone.js");
  cpSync(script, join(dist, "js/standalone.js"));
  cpSync(join(root, "packages/cli/bin"), join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "THIRD-PARTY-LICENSES"), thirdPartyLicences([...command, script]));
}

const reader = join(root, "node_modules/@scalar/fastify-api-reference/dist");

async function write(dir: string, input: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using bundle = await rolldown({ input, platform: "node", onLog: refuse });
  const { output } = await bundle.write({
    dir,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  return output.filter((file): file is OutputChunk => file.type === "chunk").flatMap(({ moduleIds }) => moduleIds);
}

/** A warning of the bundler means that something would be missing at run time. */
function refuse(_level: string, { message }: { readonly message?: string }): never {
  throw new Error(`The bundle is not complete: ${message}`);
}
