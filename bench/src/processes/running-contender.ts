import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@carnet/testkit/free-port";
import type { Contender, Launch } from "../contenders/contender.ts";
import { client } from "../workload.ts";
import { firstToken, type TokenSeen } from "./first-token.ts";

/** A running contender. */
export interface RunningContender extends AsyncDisposable {
  readonly contender: Contender;
  readonly port: number;
  /** Empty if its process is unknown. */
  readonly pids: readonly number[];
  /** Milliseconds from the start of its process to its first token. Undefined if it was already running. */
  readonly timeToFirstToken: number | undefined;
  readonly token: TokenSeen;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly answerBytes?: number;
  /** The client that requests the first token. */
  readonly firstClient?: { readonly id: string; readonly secret: string };
  /** Seconds to wait for a peer that is said to be running. */
  readonly patience?: number;
  /** Overrides how the contender is started. */
  readonly launch?: (port: number) => Launch;
  /** Extra options for Node. */
  readonly nodeOptions?: readonly string[];
}

/** Starts a contender in its own folder and waits for its first token. */
export async function startContender(contender: Contender, options: StartOptions = {}): Promise<RunningContender> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-bench-"));
  const port = await freePort();
  const launch =
    options.launch?.(port) ?? (await contender.prepare({ folder, port, answerBytes: options.answerBytes ?? 0 }));
  const first = { contender, ...(options.firstClient ?? client) };
  if (launch.kind === "running") {
    const { port: at, pids } = launch;
    const stop = () => rm(folder, { recursive: true, force: true });
    const token = await firstToken({ ...first, port: at, ended: () => undefined, patience: options.patience ?? 10 });
    return { contender, port: at, pids, timeToFirstToken: undefined, token, stop, [Symbol.asyncDispose]: stop };
  }
  const log = join(folder, "output.log");
  const started = performance.now();
  const child = spawnNode([...(options.nodeOptions ?? []), ...launch.args], launch.environment, log);
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ended = () => (hasEnded(child) ? "its process ended" : undefined);
    const token = await firstToken({ ...first, port, ended, patience: startPatience });
    const timeToFirstToken = performance.now() - started;
    const pids = child.pid === undefined ? [] : [child.pid];
    return { contender, port, pids, timeToFirstToken, token, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const output = readFileSync(log, "utf8").slice(-2000);
    await stop();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${contender.title} did not start: ${reason}`, { cause: output });
  }
}

/** Seconds within which a started process must issue a token. */
const startPatience = 60;

/** Children to kill when the benchmark exits for any reason. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

function spawnNode(args: readonly string[], environment: Readonly<Record<string, string>>, log: string): ChildProcess {
  const output = openSync(log, "a");
  try {
    const { PATH = "", HOME = "" } = process.env;
    // All contenders get the same minimal environment, so that this one does not configure any of them.
    const child = spawn(process.execPath, args, {
      env: { PATH, HOME, ...environment },
      stdio: ["ignore", output, output],
    });
    alive.add(child);
    child.once("exit", () => alive.delete(child));
    return child;
  } finally {
    closeSync(output);
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const killTimer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(killTimer);
}
