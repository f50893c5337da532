import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

// Peers that are not on npm: how to install them once, and how to run them until the benchmark ends.

const cache = fileURLToPath(new URL("../../.cache", import.meta.url));

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) endGroup(child);
});

/** Ends a peer and its children: Keycloak's script is the parent of its Java process. */
function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
}

/** The folder of an installed peer. Installs it if the recipe is new. */
export function installed(name: string, recipe: readonly (readonly [string, ...string[]])[]): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
  const folder = join(cache, `${name}-${hash}`);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  for (const [command, ...args] of recipe) {
    process.stderr.write(`${name}: ${[command, ...args].join(" ")}\n`);
    run(draft, command, args);
  }
  renameSync(draft, folder);
  return folder;
}

function run(folder: string, command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).slice(-2000) : String(error);
    throw new Error(`\`${command} ${args[0]}\` failed`, { cause: said });
  }
}

/** Runs a command to its end. */
export const runPeer = (command: string, args: readonly string[], environment: NodeJS.ProcessEnv): void =>
  void execFileSync(command, args, { env: environment, stdio: "ignore" });

/** Starts a peer that runs until the benchmark ends, and waits until it answers. Returns its process id. */
export async function startPeer(
  { command, args, environment }: { command: string; args: readonly string[]; environment: NodeJS.ProcessEnv },
  { url, seconds, log }: { readonly url: string; readonly seconds: number; readonly log: string },
): Promise<number> {
  const output = openSync(log, "w");
  const child = spawn(command, args, { env: environment, stdio: ["ignore", output, output], detached: true });
  child.unref(); // so that the benchmark can end, which ends the peer
  closeSync(output);
  running.add(child);
  const cause = `See ${log}`;
  for (const start = performance.now(); performance.now() - start < seconds * 1000; await pause(100)) {
    if (child.exitCode !== null) throw new Error(`its process ended with ${child.exitCode}`, { cause });
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok && child.pid !== undefined) return child.pid;
  }
  throw new Error(`it did not answer within ${seconds} s of its start`, { cause });
}
