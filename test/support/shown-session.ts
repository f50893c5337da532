import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { runBlock } from "./reader.ts";

/** A page must not show a whole secret, because scanners would report it. */
const secret = /\bcarnet_[A-Za-z0-9_-]+/g;

/** What differs in each run. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME"],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "REQUEST"],
  [secret, "carnet_…"],
  [/(?<=secret )[a-z0-9]{16}\b/g, "SECRET"],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, "KEY"],
  [/(?<= )\d+m$/gm, "AGE"],
  [/127\.0\.0\.1|::1/g, "ADDRESS"],
  [/Checked .*/g, "CHECKED"],
];

const normalised = (text: string): readonly string[] =>
  varying
    .reduce((rest, [what, name]) => rest.replace(what, name), text)
    .trimEnd()
    .split("\n");

/**
 * Runs the commands of a page in order, and compares what they print with the block that the page shows after them.
 * With UPDATE_GUIDE=1 it writes the output into the page instead. Returns how many outputs the page shows.
 */
export async function checkSession(
  page: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<number> {
  const guide = readFileSync(page, "utf8");
  let written = guide;
  let shownCount = 0;
  for (const { groups } of guide.matchAll(/^```sh\n(?<commands>.*?)^```\n(?:\n```text\n(?<shown>.*?)^```)?/gms)) {
    const { commands = "", shown } = groups ?? {};
    const printed = await runBlock(`exec 2>&1\n${commands}`, cwd, env);
    if (shown === undefined) continue;
    shownCount++;
    if (process.env["UPDATE_GUIDE"])
      written = written.replace(`${commands}\`\`\`\n\n\`\`\`text\n${shown}`, (all) =>
        all.replace(shown, () => printed.replace(secret, "carnet_…")),
      );
    else assert.deepEqual(normalised(printed), normalised(shown), commands);
  }
  if (written !== guide) writeFileSync(page, written);
  return shownCount;
}
