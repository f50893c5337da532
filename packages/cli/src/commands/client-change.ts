import type { ClientChange } from "@carnet/protocol/admin/clients";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { clientFacts } from "../client-facts.ts";
import {
  addSettingsOptions,
  type ClientSettingsOptions,
  readSettingsOptions,
  settingsFlags,
} from "../client-settings-options.ts";
import { confirm } from "../confirm.ts";
import { formatFacts } from "../table.ts";

interface ChangeOptions extends ClientSettingsOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet client change|disable|enable|delete`. */
export function addClientChangeCommands(client: Command): void {
  const change = client
    .command("change")
    .description("Change a client. An empty value resets a setting. Settings that are not named stay unchanged.")
    .argument("<client-id>")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(addSettingsOptions(change)).action(async (id: string, options: ChangeOptions) => {
    const input = readSettingsOptions(options);
    if (Object.keys(input).length === 0)
      change.error("error: nothing to change. Name a setting, such as --scope", { exitCode: 2 });
    if (input.username !== undefined)
      await confirm(`A new username revokes all secrets of ${id} at once. Continue?`, options);
    await apply(change, { id, input, options });
  });

  const disable = client
    .command("disable")
    .description("Disable a client, so that it gets no more tokens.")
    .argument("<client-id>")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(disable).action(async (id: string, options: ChangeOptions) => {
    await confirm(`Disable ${id}? It gets no more tokens from now on.`, options);
    await apply(disable, { id, input: { status: "disabled" }, options });
  });

  const enable = client
    .command("enable")
    .description("Enable a disabled client.")
    .argument("<client-id>")
    .option("--json", "Print JSON");
  addConnectionOptions(enable).action((id: string, options: ChangeOptions) =>
    apply(enable, { id, input: { status: "active" }, options }),
  );

  const remove = client
    .command("delete")
    .description("Delete a client and its secrets permanently.")
    .argument("<client-id>")
    .option("--yes", "Do not ask");
  addConnectionOptions(remove).action(async (id: string, options: ChangeOptions) => {
    await confirm(`Delete ${id} and its secrets permanently?`, options);
    await withAdminApi(remove, (api) => api.deleteClient(id));
    process.stderr.write(`Deleted ${id}.\n`);
  });
}

const apply = (
  command: Command,
  { id, input, options }: { id: string; input: ClientChange; options: ChangeOptions },
): Promise<void> =>
  withAdminApi(
    command,
    async (api) => {
      const changed = await api.changeClient(id, input);
      process.stdout.write(options.json ? `${JSON.stringify(changed, null, 2)}\n` : formatFacts(clientFacts(changed)));
    },
    settingsFlags,
  );
