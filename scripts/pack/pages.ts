import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { readManifest } from "./manifest.ts";

const root = join(import.meta.dirname, "../..");

/** The pages that go along when a page links to them. Links to all other files become links to the repository. */
const included = /^(?:docs|examples)\/.+\.(?:md|json|yaml|ts)$/;

/**
 * Writes the README of a package into its folder, with the pages that it leads to. They keep their paths in the repository,
 * because a registry shows only the README and reads its relative links from the top of the repository.
 */
export function copyPages(source: string, folder: string): void {
  writePage({ source: `${source}/README.md`, target: "README.md", folder });
}

interface Page {
  /** The path in the repository. */
  readonly source: string;
  /** The path in the package. */
  readonly target: string;
  readonly folder: string;
}

function writePage({ source, target, folder }: Page): void {
  const path = join(folder, target);
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  cpSync(join(root, source), path); // Before its links are followed, because pages may link to each other
  if (!source.endsWith(".md")) return;
  const text = readFileSync(join(root, source), "utf8").replaceAll(
    /\]\((?![a-z]+:|#)([^)#]+)(#[^)]*)?\)/g,
    (_, link: string, anchor = "") => {
      const linked = posix.join(posix.dirname(source), link);
      if (!included.test(linked)) return `](${repository()}/blob/main/${linked}${anchor})`;
      writePage({ source: linked, target: linked, folder });
      return `](${posix.relative(posix.dirname(target), linked)}${anchor})`;
    },
  );
  writeFileSync(path, text);
}

const repository = (): string => String(readManifest(".")["homepage"]);
