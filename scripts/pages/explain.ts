import { readFileSync } from "node:fs";
import { tokenRefusals } from "@carnet/core/audit/token-refusals";

const mark = "<!-- The rest of this page is generated from the code by `npm run docs`. -->\n";

/** The guide to explanations, with the table of all reasons at its end. */
export function explainPage(): string {
  const [text = ""] = readFileSync("docs/guide/explain.md", "utf8").split(mark);
  const rows = Object.entries(tokenRefusals).map(
    ([reason, { meaning, next }]) => `| \`${reason}\` | ${meaning} | ${next.join("; ")} |\n`,
  );
  return `${text}${mark}\n| reason | when | what to do |\n| --- | --- | --- |\n${rows.join("")}`;
}
