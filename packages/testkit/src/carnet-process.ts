import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** Runs the `carnet` command as a separate process, as people and service managers do. */

/** The file behind the `carnet` command, from the sources. */
export const sourceBin = fileURLToPath(new URL("../../cli/bin/carnet.js", import.meta.url));

/** The file behind the `carnet` command. `npm test` bundles it, because the bundle starts in half the time. */
export const carnetBin = process.env["CARNET_TEST_BIN"] ?? sourceBin;

/** Halves the time of a start; the tests make hundreds. */
export const compileCache = fileURLToPath(new URL("../../../node_modules/.cache/carnet-test", import.meta.url));

export interface ProcessOptions {
  readonly cwd?: string;
  /** The whole environment apart from the path, so that the settings of the machine do not matter. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. Default: empty. */
  readonly input?: string | Uint8Array;
  /** Run this instead of `node carnet …`. */
  readonly command?: readonly [string, ...string[]];
}

export interface Finished {
  /** null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends a process that hangs. Far more than the slowest machine takes; no test waits for it. */
const timeout = 120_000;

const alive = new Set<CarnetProcess>();
process.on("exit", () => {
  for (const child of alive) child.killAll();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

/** Runs `carnet` until it exits, at most four at a time. */
export async function runCarnet(args: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  while (running.size >= 4) await Promise.race(running);
  const run = runToEnd(args, options);
  const settled = run.then(
    () => {},
    () => {},
  );
  running.add(settled);
  void settled.then(() => running.delete(settled));
  return run;
}

const running = new Set<Promise<void>>();

async function runToEnd(args: readonly string[], options: ProcessOptions): Promise<Finished> {
  await using child = new CarnetProcess(args, options);
  return await child.finished();
}

/** A running process. Dispose of it to kill it. */
export class CarnetProcess implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<Finished>;
  readonly #exited = Promise.withResolvers<number | null>();
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], { cwd, env = {}, input = "", command }: ProcessOptions = {}) {
    const [file, ...before] = command ?? [process.execPath, carnetBin];
    const child = spawn(file, [...before, ...args], {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: compileCache, ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true, // a process group, so that its child processes end with it
    });
    this.#child = child;
    alive.add(this);
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#grow(() => (this.stdout += text)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#grow(() => (this.stderr += text)));
    child.stdin.on("error", () => {}); // it may exit before it has read everything; the exit code shows that
    child.stdin.end(input);
    child.on("exit", (code) => this.#exited.resolve(code));
    this.#ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        alive.delete(this);
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        this.#grow(() => {});
      });
    });
    this.#ended.catch(() => alive.delete(this));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for the end of the process. */
  finished(): Promise<Finished> {
    return this.#inTime(this.#ended, "to end");
  }

  /** Waits for output that matches. Fails if the process ends without it. */
  async prints(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this[stream]);
        if (match !== null) resolve(match);
        else if (!alive.has(this)) reject(new Error(`it ended without ${pattern} on ${stream}: ${this.#said()}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
    return this.#inTime(found, `for ${pattern} on ${stream}`);
  }

  /** Waits for its exit code, even if nobody reads its output. */
  exited(): Promise<number | null> {
    return this.#inTime(this.#exited.promise, "to exit");
  }

  /** Its resident memory, in bytes. */
  memory(): number {
    return Number(execFileSync("ps", ["-o", "rss=", "-p", `${this.#child.pid}`], { encoding: "utf8" })) * 1024;
  }

  /** Stops reading its standard output, until `resume`. */
  stall(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it and its child processes. */
  killAll(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // it has ended already
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!alive.has(this)) return;
    this.killAll();
    await this.#ended.catch(() => {});
  }

  #grow(change: () => void): void {
    change();
    for (const look of this.#watchers) look();
  }

  async #inTime<Value>(promise: Promise<Value>, what: string): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`waited too long ${what}: ${this.#said()}`)), timeout);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  #said(): string {
    return `stdout ${JSON.stringify(this.stdout)}, stderr ${JSON.stringify(this.stderr)}`;
  }
}
