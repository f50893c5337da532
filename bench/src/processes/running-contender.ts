import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender, Launch } from "../contenders/contender.ts";
import { client } from "../work.ts";
import { firstToken, type TokenSeen } from "./first-token.ts";

/** A contender that answers. */
export interface RunningContender extends AsyncDisposable {
  readonly contender: Contender;
  readonly port: number;
  /** Empty where its process is not known. */
  readonly pids: readonly number[];
  /** Milliseconds from the start of its process to its first token; undefined where it ran already. */
  readonly timeToFirstToken: number | undefined;
  /** What it issues. */
  readonly token: TokenSeen;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly answerBytes?: number;
  /** Whom the first token is asked for. */
  readonly asker?: { readonly id: string; readonly secret: string };
  /** How to start it, where that is not as the contender itself says. */
  readonly launch?: (port: number) => Launch;
  /** Further options for Node. */
  readonly nodeOptions?: readonly string[];
}

/** Starts a contender in a folder of its own and waits for its first token. */
export async function startContender(contender: Contender, options: StartOptions = {}): Promise<RunningContender> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-bench-"));
  const port = await freePort();
  const launch =
    options.launch?.(port) ?? (await contender.prepare({ folder, port, answerBytes: options.answerBytes ?? 0 }));
  const { id, secret } = options.asker ?? client;
  const ask = (at: number, alive: () => boolean) => firstToken({ contender, port: at, id, secret, alive });
  if (launch.kind === "running") {
    const token = await ask(launch.port, () => true);
    const stop = () => rm(folder, { recursive: true, force: true });
    const { port: at, pids } = launch;
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
    const token = await ask(port, () => child.exitCode === null);
    const timeToFirstToken = performance.now() - started;
    const pids = child.pid === undefined ? [] : [child.pid];
    return { contender, port, pids, timeToFirstToken, token, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const output = readFileSync(log, "utf8").slice(-2000);
    await stop();
    throw new Error(`${contender.title} did not start: ${String(error)}\n${output}`);
  }
}

/** None outlives the harness, however that ends. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

function spawnNode(args: readonly string[], environment: Readonly<Record<string, string>>, log: string): ChildProcess {
  const output = openSync(log, "a");
  try {
    const { PATH = "", HOME = "" } = process.env;
    // Each contender sees the same small environment, so that none is set by what stands in this one
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(impatience);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
