import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RequestShape } from "../load/request-text.ts";
import type { Contender } from "./contender.ts";

interface PackageContender {
  readonly name: string;
  readonly title: string;
  readonly settings: string;
  /** The packages whose versions are reported. */
  readonly packages: readonly string[];
  readonly shape: RequestShape;
  readonly required?: boolean;
  /** The file in `servers/`. Default: the name. */
  readonly server?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A contender whose process is a file in `servers/`. */
export const packageContender = ({
  packages,
  required = false,
  server,
  environment,
  ...about
}: PackageContender): Contender => ({
  ...about,
  required,
  version: packages.map((name) => `${name} ${versionOf(name)}`).join(", ") || `Node ${process.version}`,
  prepare: async ({ port, answerBytes }) => ({
    kind: "start",
    args: [fileURLToPath(new URL(`../servers/${server ?? about.name}.ts`, import.meta.url))],
    environment: {
      PORT: String(port),
      FLOOR_ANSWER_BYTES: String(answerBytes),
      NODE_ENV: "production",
      ...environment,
    },
  }),
});

/** The installed version of one of the benchmark's dependencies. */
export function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}
