import { type ChildProcess, spawn } from "node:child_process";
import { createSecretKey, type KeyObject } from "node:crypto";
import { OperatorFault } from "../fault.ts";
import { parseMasterKey } from "./setting-values.ts";

/** How long a command may take, in milliseconds, and how much it may print, in bytes. */
const limits = { time: 30_000, output: 4096 };

/** What ends this process. The command is in a process group of its own, which no signal to this one reaches. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP", "exit"] as const;

/**
 * Runs a command in a shell and reads the master key from its standard output. Its output and its errors go nowhere else,
 * because they may contain the key. Throws an OperatorFault if it fails, takes too long or prints something else.
 */
export async function runKeyCommand(command: string, { time, output } = limits): Promise<KeyObject> {
  const fault = (problem: string): OperatorFault =>
    new OperatorFault(
      `The command for the master key ${problem}. It must print 32 bytes in base64 and nothing else: run it yourself, as the service's user, to see what is wrong.`,
    );
  const interrupt = (): void => stop("was interrupted");
  for (const ending of endings) process.on(ending, interrupt);
  const child = spawn(command, {
    ...{ shell: true, stdio: ["ignore", "pipe", "ignore"], windowsHide: true },
    detached: process.platform !== "win32", // a process group, so that what the shell started ends with it
  });
  const printed: Buffer[] = [];
  let problem: string | undefined;
  const stop = (why: string): void => {
    problem ??= why;
    killGroup(child);
  };
  const timer = setTimeout(() => stop(`took longer than ${time / 1000} seconds`), time);
  child.stdout?.on("data", (bytes: Buffer) => {
    printed.push(bytes);
    if (printed.reduce((sum, { length }) => sum + length, 0) > output) stop(`printed more than ${output} bytes`);
  });
  const ended = await new Promise<string | undefined>((resolve) => {
    child.on("error", () => resolve("could not be started"));
    child.on("close", (code, signal) =>
      resolve(code === 0 ? undefined : signal ? `was ended by ${signal}` : `ended with exit code ${code}`),
    );
  });
  clearTimeout(timer);
  for (const ending of endings) process.off(ending, interrupt);
  const failure = problem ?? ended;
  if (failure !== undefined) throw fault(failure);
  const key = parseMasterKey(Buffer.concat(printed).toString("utf8"));
  if (!key.ok) throw fault("printed something else than a key");
  return createSecretKey(key.value);
}

function killGroup(child: ChildProcess): void {
  child.stdout?.destroy(); // a process that left the group may hold it open
  try {
    if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // It has ended already
  }
}
