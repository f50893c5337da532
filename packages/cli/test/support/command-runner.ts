import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { compileCache, type Finished } from "@carnet/testkit/carnet-process";

export interface RunnerRequest extends Required<CommandOptions> {
  readonly args: readonly string[];
}

interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment of the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether standard input poses as a terminal, at which the user closes the input. */
  readonly terminal?: boolean;
}

const child = fileURLToPath(new URL("./command-runner-child.ts", import.meta.url));
let runner: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command to its end in one process that all commands of a test file share, one command at a time. It ends with
 * this process. A test about the process itself (signals, standard input, closed pipes) needs `runCarnet`.
 */
export function runCommand(
  args: readonly string[],
  { cwd = tmpdir(), env = {}, terminal = false }: CommandOptions = {},
): Promise<Finished> {
  const result = last.then(() => runNext({ args, cwd, env, terminal }));
  last = result.catch(() => {});
  return result;
}

async function runNext(request: RunnerRequest): Promise<Finished> {
  runner ??= await startRunner();
  const over = new AbortController();
  const answer = once(runner, "message", over);
  const ended = once(runner, "exit", over).then(() => {
    throw new Error(`the command runner ended in carnet ${request.args.join(" ")}`);
  });
  hold(runner, true);
  try {
    runner.send(request);
    const [finished] = await Promise.race([answer, ended]);
    return finished;
  } finally {
    over.abort(); // takes away what still listens
    hold(runner, false);
  }
}

async function startRunner(): Promise<ChildProcess> {
  const env = { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: compileCache };
  const started = fork(child, { env, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(started, "message");
  return started;
}

/** An idle runner does not keep this process alive. */
function hold(started: ChildProcess, busy: boolean): void {
  if (busy) {
    started.ref();
    started.channel?.ref();
  } else {
    started.unref();
    started.channel?.unref();
  }
}
