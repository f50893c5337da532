// `npm run bench`: installs what the benchmark needs where it is not there yet, and runs it.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const home = import.meta.dirname;
const installed = `${home}/node_modules/.package-lock.json`;
const changed = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);

function run(program: string, args: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (changed(installed) < changed(`${home}/package-lock.json`)) run("npm", ["ci", "--prefix", home]);
run(process.execPath, [`${home}/src/main.ts`, ...process.argv.slice(2)]);
