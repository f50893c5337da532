import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { carnetBin, compileCache } from "@carnet/testkit/carnet-process";

/** A `carnet` command as a process of its own, with all that it has written so far. */
export interface CarnetChild extends AsyncDisposable {
  readonly process: ChildProcess;
  output(): { readonly stdout: string; readonly stderr: string };
  /** Fulfilled once a stream holds what is looked for. Rejected if the process ends before. */
  until(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code, once it has ended and all is read. */
  ended(): Promise<number | null>;
}

export interface ChildOptions {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Starts a command in a folder. It gets PATH and the compile cache, and nothing else of this process's environment. */
export function startCarnet(args: readonly string[], { folder, environment = {}, input }: ChildOptions): CarnetChild {
  const env = { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: compileCache, ...environment };
  const child = spawn(process.execPath, [carnetBin, ...args], { cwd: folder, env, stdio: "pipe" });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
      child.emit("written");
    });
  }
  child.stdin.end(input ?? "");
  const closed = once(child, "close");
  return {
    process: child,
    output: () => ({ ...written }),
    async until(stream, pattern) {
      for (;;) {
        const found = pattern.exec(written[stream]);
        if (found !== null) return found;
        if (child.exitCode !== null) throw new Error(`ended before it wrote ${pattern}: ${written.stderr}`);
        await Promise.race([once(child, "written"), closed]);
      }
    },
    async ended() {
      await closed;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await closed;
    },
  };
}
