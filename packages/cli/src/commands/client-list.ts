import type { Client } from "@carnet/protocol/admin/clients";
import { formatDuration } from "@carnet/protocol/duration";
import { quoted } from "@carnet/protocol/shell-word";
import { type Command, Option } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { checkOwner } from "../admin/unknown-owner.ts";
import { endsUnlessUsed, scopeOf } from "../client-facts.ts";
import { collectPairs, duration, wholeNumber } from "../option-values.ts";
import { formatTable } from "../table.ts";
import { wrapped } from "../wrap.ts";

interface ListOptions {
  readonly owner?: string;
  readonly search?: string;
  readonly status?: string;
  readonly scope?: string;
  readonly label?: readonly string[];
  readonly endingWithin?: number;
  readonly unused?: number;
  readonly sort?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

const sortKeys = ["client_id", "client_name", "created_at", "updated_at", "expires_at"].flatMap((key) => [
  key,
  `-${key}`,
]);

const flags = {
  owner: "--owner",
  q: "--search",
  status: "--status",
  scope: "--scope",
  label: "--label",
  ending_within_days: "--ending-within",
  unused_for_days: "--unused",
  sort: "--sort",
  limit: "--limit",
  cursor: "--cursor",
};

/** `carnet client list`: one page of the clients that match the filters. */
export function addClientListCommand(client: Command): void {
  const command = client
    .command("list")
    .description("List and search the clients.")
    .option("--owner <name>", "Only clients of this owner")
    .option("--search <text>", "Only clients whose id, name or username contains the text")
    .addOption(new Option("--status <status>", "Only clients with this status").choices(["active", "disabled"]))
    .option("--scope <name>", "Only clients registered for the scope")
    .option("--label <name=value>", "Only clients with the label; repeatable", collectPairs)
    .option(
      "--ending-within <duration>",
      "Only clients that expire, or have a secret that expires, within this many whole days, such as 30d",
      duration(0, 9999, "d"),
    )
    .option(
      "--unused <duration>",
      "Only clients that are older than this many whole days and got no token since, such as 90d",
      duration(1, 9999, "d"),
    )
    .addOption(new Option("--sort <key>", "The order; a leading minus sorts descending").choices(sortKeys))
    .option("--limit <number>", "The most clients to list, up to 1000", wholeNumber(1, 1000), 100)
    .option("--cursor <cursor>", "Continue where the previous page ended")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: ListOptions) =>
    withAdminApi(
      command,
      async (api) => {
        const { search, endingWithin, unused, json, ...rest } = options;
        const query = {
          owner: rest.owner,
          q: search,
          ending_within_days: endingWithin?.toString(),
          unused_for_days: unused?.toString(),
          status: rest.status,
          scope: rest.scope,
          label: rest.label,
          sort: rest.sort,
          limit: String(rest.limit),
          cursor: rest.cursor,
        };
        const page = await api.listClients(query);
        if (page.clients.length === 0 && rest.owner !== undefined) await checkOwner(api, rest.owner);
        if (json) process.stdout.write(`${JSON.stringify(page, null, 2)}\n`);
        else process.stdout.write(formatClients(page.clients, unused) + noteUnsupported(page.clients));
        if (!json && page.next !== null)
          process.stderr.write(`There are more clients. For the next page, add --cursor ${quoted(page.next)}\n`);
      },
      flags,
    ),
  );
}

function formatClients(clients: readonly Client[], unused: number | undefined): string {
  if (clients.length === 0 && unused !== undefined)
    return wrapped("No clients found: each that matches is newer than that, or used its secret since.\n");
  if (clients.length === 0)
    return wrapped(
      "No clients found. Remove filters, or register a client with `carnet client create --scope file:read`.\n",
    );
  const columns = unused === undefined ? listColumns : { ...listColumns, "LAST USED": lastUseOf };
  return formatTable(
    Object.keys(columns),
    clients.map((client) => Object.values(columns).map((cell) => cell(client))),
    { shortened: ["NAME", "SCOPE", "WARNINGS"] },
  );
}

const listColumns: Readonly<Record<string, (client: Client) => string>> = {
  "CLIENT ID": (client) => client.client_id,
  NAME: (client) => client.client_name ?? "-",
  OWNER: (client) => client.owner ?? "-",
  STATUS: (client) => client.status,
  SCOPE: scopeOf,
  EXPIRES: (client) => client.expires_at ?? "never",
  "LIVE SECRETS": ({ secrets }) =>
    String(secrets.filter(({ state }) => state === "active" || state === "pending").length),
  WARNINGS: (client) => [...new Set(client.warnings.map((warning) => shortWarning(warning, client)))].join(", ") || "-",
};

/** The last use of any secret that the client still has. */
const lastUseOf = ({ secrets }: Client): string =>
  secrets.reduce(
    (last, { last_used_at }) => (last_used_at !== null && last_used_at > last ? last_used_at : last),
    "",
  ) || "never";

/** Names the clients with secrets that an earlier version stored under a slow hash. */
function noteUnsupported(clients: readonly Client[]): string {
  const ids = clients
    .filter(({ secrets }) => secrets.some(({ state }) => state === "unsupported"))
    .map(({ client_id }) => client_id);
  if (ids.length === 0) return "";
  return wrapped(
    `\nSecrets under a slow hash are no longer accepted: ${ids.join(", ")}. Rotate them with \`carnet secret rotate <client-id>\`.\n`,
  );
}

function shortWarning(warning: Client["warnings"][number], client: Client): string {
  const { what, within_days } = warning;
  if (within_days === 0) return `${what} expired`;
  return `${what} ${endsUnlessUsed(warning, client) ? "must be used" : "expires"} within ${formatDuration(within_days, "d")}`;
}
