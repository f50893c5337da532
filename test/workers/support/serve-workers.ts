import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServingCarnet, type ServingOptions, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

/** `carnet serve` with two workers in a folder of its own, with a configuration file that tests change. */
export interface ServingWorkers extends ServingCarnet {
  readonly folder: string;
  /** The configuration file. */
  readonly file: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: string };
  configure(settings: string): Promise<void>;
  /** Sends SIGHUP, and waits until the reload has ended, in whichever way. */
  reload(): Promise<void>;
  /** The ids of the workers. */
  workers(): readonly number[];
}

export async function serveWorkers({ args = [], ...options }: Partial<ServingOptions> = {}): Promise<ServingWorkers> {
  const folder = await temporaryFolder();
  const file = folder.file("carnet.yaml");
  const configure = (settings: string) => writeFile(file, `workers: 2\n${settings}`, { mode: 0o600 });
  await configure("accessTokenTtl: 5m\n");
  const flags = ["--config", file, ...args];
  const carnet = await serveCarnet({ folder: folder.path, ...options, args: flags });
  await carnet.process.prints("stdout", /"event":"workers_started"/);
  const admin = JSON.parse(await readFile(folder.file("admin.json"), "utf8"));
  return {
    ...carnet,
    folder: folder.path,
    file,
    credentials: { clientId: admin.client_id, clientSecret: admin.client_secret },
    configure,
    async reload() {
      const earlier = carnet.process.stdout.length;
      carnet.process.kill("SIGHUP");
      await printsAfter(carnet, earlier, /"event":"(reloaded|reload_failed)"/);
    },
    workers: () => childrenOf(carnet.process.pid),
    async [Symbol.asyncDispose]() {
      await carnet[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Waits for output after a position. */
export async function printsAfter({ process }: ServingCarnet, position: number, pattern: RegExp): Promise<void> {
  await process.prints("stdout", new RegExp(`^[\\s\\S]{${position},}${pattern.source}`));
}

/** The ids of the processes that a process has started and that have not ended. */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

/** Waits until a condition holds that nothing announces. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}

export const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
