import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

interface PublishConfig {
  readonly access: string;
  readonly provenance: boolean;
  /** The folder that `changeset publish` publishes, from the folder of the package. */
  readonly directory: string;
  /** Members of the published manifest. */
  readonly [member: string]: unknown;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly publishConfig: PublishConfig;
  readonly [member: string]: unknown;
}

/** Reads the manifest of a workspace folder such as `packages/sdk`. */
export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));

/**
 * The published manifest of a package: its own, with `publishConfig` merged over it, without what only the workspace needs,
 * and with the addresses of the root manifest.
 */
export function publishedManifest(folder: string): Readonly<Record<string, unknown>> {
  const { publishConfig, devDependencies: _, scripts: __, ...own } = readManifest(folder);
  const { access, provenance, directory: ___, ...published } = publishConfig;
  const { homepage, repository, bugs } = readManifest(".");
  return {
    ...own,
    homepage,
    repository,
    bugs,
    ...published,
    publishConfig: { access, provenance },
  };
}
