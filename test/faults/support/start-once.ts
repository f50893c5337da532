import { CarnetProcess, type Finished, type ProcessOptions } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/service";

export interface StartOptions extends Pick<ProcessOptions, "env" | "command"> {
  readonly folder: string;
  /** The store's path, from the folder. */
  readonly store?: string | undefined;
  readonly args?: readonly string[];
}

/** Starts `carnet serve` and tells it to stop once it listens: what went well ends with code 0. */
export async function startOnce(options: StartOptions): Promise<Finished> {
  for (let tries = 1; ; tries++) {
    const finished = await startOn(await freePort(), options);
    if (tries === 5 || !finished.stderr.includes("is taken")) return finished; // a port can be taken before it is used
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
    () => fetch(`http://127.0.0.1:${port}/health/live`), // its answer is a turn of the loop that hears signals
    () => {},
  );
  await Promise.race([end, listens]);
  child.kill("SIGTERM"); // no matter to one that has ended
  return await end; // what is disposed of is killed
}
