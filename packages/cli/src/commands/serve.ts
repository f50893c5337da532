import { startServer } from "@carnet/server/main";
import type { Command } from "commander";
import { pino } from "pino";
import { addServiceOptions, allSettings, configurationOf } from "../service-options.ts";
import { stopOnSignal } from "../stop-on-signal.ts";

/** `carnet serve`: the service, for production. Logs JSON lines on standard output. */
export function addServeCommand(program: Command): void {
  const command = program.command("serve").description("Run the token service.");
  addServiceOptions(command, allSettings).action(async () => {
    // Written before the answer is sent: a record must not be lost with the process
    const server = await startServer(configurationOf(command, "serve"), pino.destination({ dest: 1, sync: true }));
    stopOnSignal(server);
  });
}
