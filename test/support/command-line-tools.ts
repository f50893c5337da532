import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";

/** The exit code and the output of a command. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command without a shell and without the user's settings for it. */
export async function run(command: readonly [string, ...string[]]): Promise<Ran> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: cleanEnvironment });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

const cleanEnvironment = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", HOME: "/nonexistent" };

/** The first line of the version output of a tool, or undefined when the tool is missing. */
export function versionOf([program, ...args]: readonly [string, ...string[]]): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, args, { env: cleanEnvironment, encoding: "utf8" });
  return status === 0 ? (stdout || stderr).split("\n", 1)[0] : undefined;
}

/** The command-line clients that this machine has. Getters, because some take a second to start. */
export const foundTools = {
  get curl() {
    return versionOf(["curl", "--version"]);
  },
  get wget() {
    return versionOf(["wget", "--version"]);
  },
  get httpie() {
    return versionOf(["http", "--version"]);
  },
  get requests() {
    return versionOf(["python3", "-c", "import requests; print(requests.__version__)"]);
  },
} as const;
