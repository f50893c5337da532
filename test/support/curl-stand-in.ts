import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a `curl` into a folder, for machines without it. Supports only the flags in the README and the guides. */
export const writeCurlStandIn = (folder: string): void => writeFileSync(join(folder, "curl"), standIn, { mode: 0o755 });

const standIn = `#!/usr/bin/env node
const words = process.argv.slice(2);
const valuesOf = (flag) => words.filter((_, at) => words[at - 1] === flag);
const fromInput = valuesOf("--data-urlencode").map(
  (name) => name.replace("@-", "=") + encodeURIComponent(require("fs").readFileSync(0, "utf8")),
);
const body = [...valuesOf("-d"), ...fromInput].join("&");
const headers = Object.fromEntries(valuesOf("-H").map((line) => line.split(": ")));
const post = { method: "POST", body, headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers } };
fetch(words.find((word) => word.startsWith("http")), body === "" ? { headers } : post).then(async (answer) => {
  if (words.includes("-i")) console.log("HTTP/1.1 " + answer.status + " " + answer.statusText);
  console.log(await answer.text());
});
`;
