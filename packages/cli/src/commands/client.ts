import type { Command } from "commander";
import { addClientChangeCommands } from "./client-change.ts";
import { addClientCreateCommand } from "./client-create.ts";
import { addClientListCommand } from "./client-list.ts";
import { addClientShowCommand } from "./client-show.ts";

/** `carnet client …`: the clients of a service, through its admin API. */
export function addClientCommand(program: Command): void {
  const client = program
    .command("client")
    .description("Register clients, look at them, restrict, disable and delete them.");
  addClientCreateCommand(client);
  addClientListCommand(client);
  addClientShowCommand(client);
  addClientChangeCommands(client);
}
