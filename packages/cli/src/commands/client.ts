import type { Command } from "commander";
import { addClientCreateCommand } from "./client-create.ts";
import { addClientListCommand } from "./client-list.ts";
import { addClientShowCommand } from "./client-show.ts";

/** `carnet client …`: until there is an admin API, on the embedded store directly, beside a running service or not. */
export function addClientCommand(program: Command): void {
  const client = program.command("client").description("Register clients and look at them.");
  addClientCreateCommand(client);
  addClientListCommand(client);
  addClientShowCommand(client);
}
