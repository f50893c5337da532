import { startServer } from "@carnet/server/main";
import type { Command } from "commander";
import { logTo } from "../log-output.ts";
import { addServiceOptions, allSettings, configurationOf } from "../service-options.ts";
import { stopOnSignal } from "../stop-on-signal.ts";

/** `carnet serve`: the service, for production. Logs JSON lines on standard output. */
export function addServeCommand(program: Command): void {
  const command = program.command("serve").description("Run the token service.");
  addServiceOptions(command, allSettings).action(async () => {
    const server = await startServer(configurationOf(command, "serve"), logTo(1));
    stopOnSignal(server);
  });
}
