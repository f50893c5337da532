import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The licences of the packages that modules of a bundle come from, as the text of a file that goes with it. */
export function thirdPartyLicences(modules: readonly string[]): string {
  const folders = new Set(modules.flatMap((module) => /.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? []));
  const parts = new Set([...folders].map(licenceOf).sort()); // A version may be installed more than once.
  return ["This package contains code of the packages below, each under its own licence.\n", ...parts].join(rule);
}

const rule = `\n${"-".repeat(80)}\n\n`;

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof license !== "string") throw new Error(`${name} ${version} names no licence. Read its terms, then decide.`);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.\w+)?$/i.test(entry));
  const text =
    file === undefined ? "The package has no file with its licence." : readFileSync(join(folder, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
