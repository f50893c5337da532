import type { Owner, OwnerChange, OwnerReport } from "@carnet/protocol/admin/owners";
import { quoted } from "@carnet/protocol/shell-word";
import type { Command } from "commander";
import type { AdminApi } from "../admin/admin-api.ts";
import { confirmTarget } from "../admin/confirm-target.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { confirm } from "../confirm.ts";
import { clientsOf, disablingQuestion, formatViolations, ownerFacts } from "../owner-facts.ts";
import { addOwnerOptions, type OwnerOptions, ownerFlags, readOwnerOptions } from "../owner-options.ts";
import { formatFacts, formatTable } from "../table.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** `carnet owner …`: manages the teams that clients belong to, and what their clients may have. */
export function addOwnerCommand(program: Command): void {
  const owner = program.command("owner").description("Manage the teams that own clients, and their policies.");
  addCreateCommand(owner);
  addListCommand(owner);
  addShowCommand(owner);
  addChangeCommand(owner);
  addDeleteCommand(owner);
}

function addCreateCommand(owner: Command): void {
  const command = owner.command("create").description("Create an owner.").argument("<name>");
  addConnectionOptions(addOwnerOptions(command).option("--json", "Print JSON")).action(
    (name: string, options: OwnerOptions & JsonOption) =>
      withAdminApi(
        command,
        async (api) => print(await api.createOwner({ name, ...readOwnerOptions(options) }), options),
        ownerFlags,
      ),
  );
}

function addListCommand(owner: Command): void {
  const command = owner.command("list").description("List the owners.").option("--json", "Print JSON");
  addConnectionOptions(command).action((options: JsonOption) =>
    withAdminApi(command, async (api) => {
      const owners = await api.listOwners();
      const table = formatTable(
        ["OWNER", "CLIENTS", "CONTACT", "DESCRIPTION"],
        owners.map((one) => [one.name, clientsOf(one), one.contact ?? "-", one.description ?? "-"]),
        { shortened: ["CONTACT", "DESCRIPTION"] },
      );
      const none = "There are no owners that you may see. `carnet whoami` shows the owners of your role.\n";
      process.stdout.write(
        options.json ? `${JSON.stringify({ owners }, null, 2)}\n` : owners.length === 0 ? none : table,
      );
    }),
  );
}

function addShowCommand(owner: Command): void {
  const command = owner
    .command("show")
    .description("Show an owner, its policy, and the clients that violate it.")
    .argument("<name>")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((name: string, options: JsonOption) =>
    withAdminApi(command, async (api) => print(await api.showOwner(name), options)),
  );
}

function addChangeCommand(owner: Command): void {
  const command = owner
    .command("change")
    .description(
      "Change an owner or its policy, and show which clients violate it. An empty value resets a setting. Settings that are not named stay unchanged.",
    )
    .argument("<name>");
  addOwnerOptions(command)
    .option("--dry-run", "Show which clients would violate the policy, and change nothing")
    .option("--yes", "Do not ask before clients are disabled")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(
    async (name: string, options: OwnerOptions & JsonOption & { dryRun?: boolean; yes?: boolean }) => {
      const change = readOwnerOptions(options);
      if (Object.keys(change).length === 0)
        command.error("error: nothing to change. Name a setting, such as --max-clients", { exitCode: 2 });
      await withAdminApi(
        command,
        async (api) => {
          if (!options.dryRun && !options.yes && change.policy !== undefined) await confirmDisabling(api, name, change);
          print(await api.changeOwner(name, change, options.dryRun === true), options);
          if (options.dryRun && !options.json)
            process.stderr.write("Nothing was changed, because this was a dry run.\n");
        },
        ownerFlags,
      );
    },
  );
}

/** Asks if the change disables clients at once. A dry run leaves an event too, so it is made only if there is a time. */
async function confirmDisabling(api: AdminApi, name: string, change: OwnerChange): Promise<void> {
  const { enforce_from = (await api.showOwner(name)).policy.enforce_from } = change.policy ?? {};
  if (enforce_from === null) return;
  const question = disablingQuestion(await api.changeOwner(name, change, true));
  if (question !== undefined) await confirm(question, {});
}

function addDeleteCommand(owner: Command): void {
  const command = owner
    .command("delete")
    .description("Delete an owner that has no clients and that no admin is bound to.")
    .argument("<name>")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((name: string, options: JsonOption & { yes?: boolean }) =>
    withAdminApi(command, async (api) => {
      await confirmTarget(`Delete the owner ${quoted(name)} and its policy permanently?`, options, () =>
        api.showOwner(name),
      );
      await api.deleteOwner(name);
      if (options.json) process.stdout.write(`${JSON.stringify({ deleted: { name } }, null, 2)}\n`);
      else process.stderr.write(`Deleted the owner ${name}.\n`);
    }),
  );
}

function print(owner: Owner | OwnerReport, { json }: JsonOption): void {
  if (json) process.stdout.write(`${JSON.stringify(owner, null, 2)}\n`);
  else process.stdout.write(formatFacts(ownerFacts(owner)) + ("violations" in owner ? formatViolations(owner) : ""));
}
