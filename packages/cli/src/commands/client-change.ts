import type { Client } from "@carnet/protocol/admin/clients";
import type { Command } from "commander";
import type { AdminApi } from "../admin/admin-api.ts";
import { confirmTarget } from "../admin/confirm-target.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import type { FlagNames } from "../admin/refusals.ts";
import { namingOwner } from "../admin/unknown-owner.ts";
import { appliedLabel } from "../apply/plan.ts";
import { clientFacts } from "../client-facts.ts";
import {
  addSettingsOptions,
  type ClientSettingsOptions,
  readSettingsOptions,
  settingsFlags,
} from "../client-settings-options.ts";
import { formatFacts } from "../table.ts";

interface ChangeOptions extends ClientSettingsOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet client change|transfer|disable|enable|delete`. */
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
    const question =
      input.username === undefined
        ? undefined
        : `A new username revokes all secrets and tokens of ${id} at once. Continue?`;
    await apply(change, { id, act: (api) => api.changeClient(id, input), options, question });
  });

  const transfer = client
    .command("transfer")
    .description(
      "Give a client to another owner. Refused, with each reason, if the policy of that owner does not allow it.",
    )
    .argument("<client-id>")
    .requiredOption("--to <owner>", "The new owner")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(transfer).action((id: string, options: ChangeOptions & { readonly to: string }) => {
    const question = `Transfer ${id} to ${options.to}? The admins of its owner no longer see it then.`;
    // Without the label, the next file of the new owner does not disable it
    const input = { owner: options.to, labels: { [appliedLabel]: null } };
    const flags = { owner: "--to" };
    const act = (api: AdminApi): Promise<Client> => namingOwner(api, options.to, () => api.changeClient(id, input));
    return apply(transfer, { id, act, options, question, flags });
  });

  const disable = client
    .command("disable")
    .description("Disable a client, so that it gets no more tokens, and revoke those that it has.")
    .argument("<client-id>")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(disable).action((id: string, options: ChangeOptions) => {
    const question = `Disable ${id}? It gets no more tokens from now on, and the ones that it has are revoked.`;
    return apply(disable, { id, act: (api) => api.disableClient(id), options, question });
  });

  const enable = client
    .command("enable")
    .description("Enable a disabled client.")
    .argument("<client-id>")
    .option("--json", "Print JSON");
  addConnectionOptions(enable).action((id: string, options: ChangeOptions) =>
    apply(enable, { id, act: (api) => api.enableClient(id), options, flags: {} }),
  );

  const remove = client
    .command("delete")
    .description("Delete a client and its secrets permanently, and revoke its tokens.")
    .argument("<client-id>")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(remove).action((id: string, options: ChangeOptions) =>
    withAdminApi(remove, async (api) => {
      await confirmTarget(`Delete ${id} and its secrets permanently, and revoke its tokens?`, options, () =>
        api.showClient(id),
      );
      await api.deleteClient(id);
      if (options.json) process.stdout.write(`${JSON.stringify({ deleted: { client_id: id } }, null, 2)}\n`);
      else process.stderr.write(`Deleted ${id}.\n`);
    }),
  );
}

interface Change {
  readonly id: string;
  act(api: AdminApi): Promise<Client>;
  readonly options: ChangeOptions;
  /** What to ask before the change. */
  readonly question?: string | undefined;
  readonly flags?: FlagNames;
}

const apply = (command: Command, { id, act, options, question, flags = settingsFlags }: Change): Promise<void> =>
  withAdminApi(
    command,
    async (api) => {
      if (question !== undefined) await confirmTarget(question, options, () => api.showClient(id));
      const changed = await act(api);
      process.stdout.write(options.json ? `${JSON.stringify(changed, null, 2)}\n` : formatFacts(clientFacts(changed)));
    },
    flags,
  );
