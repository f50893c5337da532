// Runs `carnet` commands one after another. Only the first pays for starting Node and loading the code.
import { Readable } from "node:stream";
import { main } from "carnet/main";
import type { RunnerRequest } from "./command-runner.ts";

process.on("message", async ({ args, cwd, env, terminal }: RunnerRequest) => {
  // What an earlier command left behind in this process
  for (const event of ["uncaughtException", "unhandledRejection"]) process.removeAllListeners(event);
  process.stdout.removeAllListeners("error");
  process.exitCode = 0;

  const stdin = Object.assign(Readable.from([]), { isTTY: terminal });
  Object.defineProperty(process, "stdin", { value: stdin, configurable: true });
  process.chdir(cwd);
  process.env = { ...env };
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = (chunk: unknown, ...rest: unknown[]): boolean => {
      written[name] += String(chunk);
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done);
      return true;
    };
  }
  await main();
  process.send?.({ code: process.exitCode, signal: null, ...written });
});
process.send?.("ready");
