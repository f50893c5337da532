// `npm run bench`: installs the benchmark's dependencies if needed, and runs it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";

const home = import.meta.dirname;
const installed = `${home}/node_modules/.package-lock.json`;
const changed = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);

if (changed(installed) < changed(`${home}/package-lock.json`)) {
  const { status } = spawnSync("npm", ["ci", "--prefix", home], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
const bench = spawn(process.execPath, [`${home}/src/main.ts`, ...process.argv.slice(2)], { stdio: "inherit" });
// Forward signals so that it can stop its contenders.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => bench.kill(signal));
const [status] = await once(bench, "exit");
process.exitCode = status ?? 1;
