// Everything that can be said of the code without running it: `npm run check`. Each step runs, also after one failed.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const steps: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: "types", command: ["npm", "run", "--silent", "types"] },
  { name: "lint and format", command: ["npm", "run", "--silent", "lint"] },
  { name: "commit subjects", command: ["node", "scripts/commit-subjects.ts"] },
  { name: "dead code", command: ["knip", "--no-config-hints"] },
  { name: "import direction", command: ["node", "--test", "--test-reporter=dot", "test/import-direction.test.ts"] },
  { name: "docs equal code", command: ["node", "scripts/docs.ts", "--check"] },
];

const failed: string[] = [];
for (const { name, command } of steps) {
  process.stdout.write(`- ${name}\n`);
  const [program = "", ...args] = command;
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) failed.push(name);
}

process.stdout.write("- lock file\n");
if (readFileSync("package-lock.json", "utf8").includes('"resolved": "http')) {
  process.stderr.write("package-lock.json holds download addresses: bring it up to date with `npm run lock`.\n");
  failed.push("lock file");
}

if (failed.length > 0) process.stderr.write(`check: failed: ${failed.join(", ")}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
