import { CarnetProcess, type Finished, type ProcessOptions } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";

export interface StartOptions extends Pick<ProcessOptions, "env" | "command"> {
  readonly folder: string;
  /** The path of the store, relative to the folder. */
  readonly store?: string | undefined;
  readonly args?: readonly string[];
}

/** Starts `carnet serve` and stops it once it listens. Ends with code 0 when all went well. */
export async function startOnce(options: StartOptions): Promise<Finished> {
  for (let tries = 1; ; tries++) {
    const finished = await startOn(await freePort(), options);
    if (tries === 5 || !finished.stderr.includes("is taken")) return finished; // another process can take a free port first
  }
}

async function startOn(
  port: number,
  { folder, store = "carnet.db", args = [], env, command }: StartOptions,
): Promise<Finished> {
  const flags = ["--host", "127.0.0.1", "--port", `${port}`, "--issuer", `http://127.0.0.1:${port}`];
  await using child = new CarnetProcess(["serve", "--data-dir", ".", "--store", `sqlite:${store}`, ...flags, ...args], {
    cwd: folder,
    ...(env === undefined ? {} : { env }),
    ...(command === undefined ? {} : { command }),
  });
  const end = child.finished();
  const listens = child.prints("stdout", /"event":"listening"/).then(
    () => fetch(`http://127.0.0.1:${port}/health/live`), // once it responds, it handles signals
    () => {},
  );
  await Promise.race([end, listens]);
  child.kill("SIGTERM"); // has no effect if it has ended
  return await end; // await it here, because disposing kills the child
}
