import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { carnetBin, compileCache } from "@carnet/testkit/carnet-process";

/** A child process that runs a `carnet` command, with its output so far. */
export interface CarnetChild extends AsyncDisposable {
  readonly process: ChildProcess;
  output(): { readonly stdout: string; readonly stderr: string };
  /** Resolves once a stream matches the pattern. Rejects if the process ends first. */
  until(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves to the exit code once the process has ended and all output is read. */
  ended(): Promise<number | null>;
}

export interface ChildOptions {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Starts a command in a folder. It inherits only PATH and the compile cache from this process. */
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
