import type { Configuration } from "@carnet/server/configuration/load-configuration";
import type { Reports } from "@carnet/server/main";
import { takeWorkerPlace, type WorkerPlace } from "@carnet/server/supervisor/worker-place";
import type { Command } from "commander";
import { Failure } from "../failure.ts";
import { followSupervisor } from "../follow-supervisor.ts";
import { addServiceOptions, allSettings, configurationOf, takeEnvironment } from "../service-options.ts";
import { stopOnSignal } from "../stop-on-signal.ts";

/** `carnet serve`: the service for production. It logs JSON lines to standard output, never a secret. */
export function addServeCommand(program: Command): void {
  const command = program.command("serve").description("Run the token service.");
  addServiceOptions(command, allSettings).action(async () => {
    const place = takeWorkerPlace();
    const environment = takeEnvironment();
    const load = () => configurationOf(command, "serve", environment);
    const configuration = await load();
    if (place !== undefined || configuration.workers === undefined) await serve(configuration, place);
    else await supervise(configuration, { environment, load });
  });
}

/** The service in this process, which may be a worker. */
async function serve(configuration: Configuration, worker: WorkerPlace | undefined): Promise<void> {
  const [{ startServer }, { logTo }] = await Promise.all([import("@carnet/server/main"), import("../log-output.ts")]);
  const start = (signal: AbortSignal, whenWatched?: (reports: Reports) => void) =>
    startServer(configuration, logTo(1, configuration), { signal, worker, whenWatched });
  await (worker === undefined ? stopOnSignal((signal) => start(signal)).starting : followSupervisor(start));
}

/** The service in worker processes. SIGHUP replaces them one after another. */
async function supervise(
  configuration: Configuration,
  { environment, load }: { readonly environment: NodeJS.ProcessEnv; readonly load: () => Promise<Configuration> },
): Promise<void> {
  const [{ Supervisor }, { openManagement }, { logTo }, { createLog }] = await Promise.all([
    import("@carnet/server/supervisor/supervisor"),
    import("@carnet/server/management/open-management"),
    import("../log-output.ts"),
    import("@carnet/server/log/logger"),
  ]);
  const output = logTo(1, configuration).setMaxListeners(0); // the log of each worker adds some
  const log = createLog(configuration.logLevel, output);
  const supervisor = await Supervisor.open(configuration, { log, output, environment, load });
  const management = await openManagement(configuration, {
    ...{ log, metrics: () => supervisor.metrics(), readiness: () => supervisor.readiness() },
  });
  const close = async (): Promise<void> => {
    await supervisor.close();
    await management[Symbol.asyncDispose]();
  };
  stopOnSignal(async () => ({ close }), ["SIGTERM", "SIGINT"]);
  process.on("SIGHUP", () => void supervisor.reload());
  const ended = await supervisor.start().catch(async (error: unknown) => {
    await close(); // the management listener, and workers that did start, would keep the process running
    throw error;
  });
  if (ended !== undefined) await management[Symbol.asyncDispose]();
  if (ended?.signal) throw new Failure(`A worker was ended by ${ended.signal} while the service started.`);
  if (ended !== undefined) process.exitCode = ended.code || 1; // it has printed why
}
