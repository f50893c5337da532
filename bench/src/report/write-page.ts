import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AllKept, Kept } from "../results.ts";
import { scales } from "../scale.ts";
import { goalsTable } from "./goals.ts";
import { howTo } from "./how-to.ts";
import { issuingSection } from "./issuing-section.ts";
import { profileSection, recordingSection, refusalsSection, registrySection, sdkSection } from "./other-sections.ts";
import type { Section } from "./section.ts";
import { figure, table } from "./words.ts";

/** Writes the page and its plots from the latest results of each mode. */
export function writePage(folder: string, kept: AllKept): void {
  const { issuing, recording, registry, refusals, sdk, profile } = kept;
  const sections = [
    issuing && issuingSection(issuing.results),
    recording && recordingSection(recording.results),
    registry && registrySection(registry.results),
    refusals && refusalsSection(refusals.results),
    sdk && sdkSection(sdk.results),
    profile && profileSection(profile.results),
  ].filter((section) => section !== undefined);
  const page = [
    "<!-- Made by `npm run bench` from results/*.json. Do not edit. -->",
    "# Speed, measured side by side",
    howTo.opening,
    // Smaller runs show that everything works, and bear no verdict
    ...(Object.values(kept).every(({ scale }) => scale === "full") ? ["## Goals", goalsTable(kept)] : []),
    "## How it was measured",
    howTo.method,
    runs(kept),
    ...sections.map(({ markdown }) => markdown),
    howTo.reproduce,
  ];
  mkdirSync(join(folder, "results"), { recursive: true });
  writeFileSync(join(folder, "README.md"), `${page.join("\n\n")}\n`);
  for (const [name, plot] of plotsOf(sections)) writeFileSync(join(folder, "results", name), plot);
}

const plotsOf = (sections: readonly Section[]) => sections.flatMap(({ plots }) => Object.entries(plots));

/** On what machine, when and at what scale each part was measured. */
function runs(kept: AllKept): string {
  const all = Object.values(kept) as readonly Kept<unknown>[];
  const rows = all.map(({ mode, at, scale, took, machine, commit }) => [
    mode,
    commit ?? "–",
    at.slice(0, 16).replace("T", " "),
    `${scale}, in turns of ${scales[scale].slice} s`,
    `${Math.round(took)} s`,
    `${machine.processor}, ${machine.cpus} CPUs, ${Math.round(machine.memory / 1e9)} GB, ${machine.system}`,
    `${machine.node}, OpenSSL ${machine.openssl}`,
    figure(machine.loadBefore),
  ]);
  return table(["part", "commit", "when (UTC)", "scale", "took", "machine", "Node", "load before"], rows);
}
