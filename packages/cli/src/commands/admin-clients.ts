import type { Client, CreatedClient } from "@carnet/protocol/admin/clients";
import { roles } from "@carnet/protocol/admin/roles";
import { quoted } from "@carnet/protocol/shell-word";
import { type Command, Option } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { clientFacts, ownersText, secretEnd } from "../client-facts.ts";
import { confirm } from "../confirm.ts";
import { Failure, notice } from "../failure.ts";
import { collect, collectBlocks, definedOnly, timeOrEmpty } from "../option-values.ts";
import { showOnce } from "../shown-once.ts";
import { formatFacts, formatTable } from "../table.ts";

interface CreateOptions {
  readonly role: string;
  readonly owner?: readonly string[];
  readonly name?: string;
  readonly expiresAt?: string;
  readonly allowIp?: readonly string[];
  readonly json?: boolean;
}

interface ChangeOptions {
  readonly role?: string;
  readonly owner?: readonly string[];
  readonly allOwners?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const flags = {
  ...{ client_id: "<client-id>", client_name: "--name", role: "--role", role_owners: "--owner" },
  ...{ expires_at: "--expires-at", ip_allowlist: "--allow-ip" },
};

const roleOption = (): Option => new Option("--role <role>", "What it may do").choices(roles);
const ownerDescription = "An owner that the role is bound to; repeatable";

/** `carnet admin create|list|change`: admin clients, which only platform admins make and change. */
export function addAdminClientCommands(admin: Command): void {
  const create = admin
    .command("create")
    .description(
      "Register an admin client and show its secret once. An admin creates, changes and deletes clients. An operator rotates and revokes secrets, and disables and enables clients. An auditor reads clients and the audit trail.",
    )
    .argument("<client-id>", "The id to register")
    .addOption(roleOption().makeOptionMandatory())
    .option("--owner <name>", `${ownerDescription} (default: all owners)`, collect)
    .option("--name <text>", "A display name")
    .option("--expires-at <time>", "When it expires, such as 2027-01-31T12:00:00Z (default: never)", timeOrEmpty)
    .option(
      "--allow-ip <blocks>",
      "The addresses it may call from, such as 203.0.113.0/24, separated by commas; repeatable (default: any)",
      collectBlocks,
    )
    .option("--json", "Print JSON");
  addConnectionOptions(create).action((id: string, options: CreateOptions) =>
    withAdminApi(
      create,
      async (api, { serverURL }) => {
        const { role, owner, name, expiresAt, allowIp } = options;
        const settings = { client_name: name, expires_at: expiresAt, ip_allowlist: allowIp && [...allowIp] };
        const given = definedOnly({ ...settings, role_owners: owner && [...owner] });
        showCreated(await api.createClient({ client_id: id, role, ...given }), options.json ? serverURL : undefined);
      },
      flags,
    ),
  );

  const list = admin
    .command("list")
    .description("List the admin clients with their roles. An admin client that is bound to owners sees only itself.")
    .option("--json", "Print JSON");
  addConnectionOptions(list).action((options: { readonly json?: boolean }) =>
    withAdminApi(list, async (api) => {
      const clients: Client[] = [];
      for await (const client of api.allClients({ role: "any" })) clients.push(client);
      process.stdout.write(options.json ? `${JSON.stringify({ clients }, null, 2)}\n` : formatAdmins(clients));
    }),
  );

  const change = admin
    .command("change")
    .description("Change the role of an admin client. This counts at once, even for tokens that it already has.")
    .argument("<client-id>")
    .addOption(roleOption())
    .option(
      "--owner <name>",
      `${ownerDescription}; replaces the owners that it had (default: its present owners)`,
      collect,
    )
    .addOption(new Option("--all-owners", "Bind the role to all owners").conflicts("owner"))
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(change).action((id: string, options: ChangeOptions) => changeRole(change, id, options));
}

async function changeRole(command: Command, id: string, options: ChangeOptions): Promise<void> {
  const { role, owner, allOwners } = options;
  const input = definedOnly({ role, role_owners: allOwners === true ? null : owner && [...owner] });
  if (Object.keys(input).length === 0)
    command.error("error: nothing to change. Name --role, --owner or --all-owners", { exitCode: 2 });
  await withAdminApi(
    command,
    async (api) => {
      const { role: has } = await api.showClient(id);
      if (has === null)
        throw new Failure(
          `${id} is not an admin client. Create one with \`carnet admin create ID --role ${role ?? "admin"}\`.`,
        );
      await confirm(`Change the role of ${id} at once?`, options);
      const changed = await api.changeClient(id, input);
      process.stdout.write(options.json ? `${JSON.stringify(changed, null, 2)}\n` : formatFacts(clientFacts(changed)));
    },
    flags,
  );
}

/** With an address as JSON, in the form of an admin file, so that its user can give it with `--admin-file`. */
function showCreated(created: CreatedClient, serverURL: string | undefined): void {
  const { client_secret: secret, ...client } = created;
  const { client_id: id, role, role_owners: owners } = client;
  const shown = serverURL
    ? `${JSON.stringify({ server_url: serverURL, ...created }, null, 2)}\n`
    : `${formatFacts(clientFacts(client))}\nIts secret, shown only once:\n\n  ${secret}\n\n${usage(id)}`;
  showOnce(shown, {
    done: `The admin client ${id} is registered`,
    next: `add a new one with \`carnet secret add ${quoted(id)}\`.`,
  });
  if (owners !== null) return;
  notice(
    `${id} is an ${role} over all owners, including future ones. To bind it to some, use \`carnet admin change ${quoted(id)} --owner NAME\`.`,
  );
}

/** How its user gives it to the commands. */
const usage = (id: string): string =>
  `Its user sets CARNET_SERVER_URL, CARNET_ADMIN_CLIENT_ID=${quoted(id)} and CARNET_ADMIN_CLIENT_SECRET, and checks with \`carnet whoami\`.\n`;

const formatAdmins = (clients: readonly Client[]): string =>
  formatTable(
    ["CLIENT ID", "ROLE", "OWNERS", "STATUS", "EXPIRES", "SECRET ENDS"],
    clients.map((client) => [
      ...[client.client_id, client.role ?? "-", ownersText(client.role_owners), client.status],
      ...[client.expires_at ?? "never", secretEnd(client.secrets)],
    ]),
    { shortened: ["OWNERS"] },
  );
