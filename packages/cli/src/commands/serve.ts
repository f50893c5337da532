import type { Command } from "commander";
import { addServiceOptions, allSettings, configurationOf } from "../service-options.ts";
import { stopOnSignal } from "../stop-on-signal.ts";

/** `carnet serve`: the service for production. It logs JSON lines to standard output, never a secret. */
export function addServeCommand(program: Command): void {
  const command = program.command("serve").description("Run the token service.");
  addServiceOptions(command, allSettings).action(async () => {
    const configuration = await configurationOf(command, "serve");
    const [{ startServer }, { logTo }] = await Promise.all([import("@carnet/server/main"), import("../log-output.ts")]);
    await stopOnSignal((signal) => startServer(configuration, logTo(1, configuration), { signal }));
  });
}
