import type { Command } from "commander";
import { addClientChangeCommands } from "./client-change.ts";
import { addClientCreateCommand } from "./client-create.ts";
import { addClientListCommand } from "./client-list.ts";
import { addClientShowCommand } from "./client-show.ts";
import { addClientUsageCommand } from "./client-usage.ts";

/** `carnet client …`: manages clients through the admin API. */
export function addClientCommand(program: Command): void {
  const client = program.command("client").description("Register, show, change, disable and delete clients.");
  addClientCreateCommand(client);
  addClientListCommand(client);
  addClientShowCommand(client);
  addClientUsageCommand(client);
  addClientChangeCommands(client);
}
