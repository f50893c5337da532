import type { Client } from "@carnet/protocol/admin/clients";
import { type Command, Option } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { collectPairs, wholeNumber } from "../option-values.ts";
import { formatTable, shorten } from "../table.ts";

interface ListOptions {
  readonly search?: string;
  readonly status?: string;
  readonly scope?: string;
  readonly label?: readonly string[];
  readonly endingWithin?: number;
  readonly sort?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

const flags = {
  q: "--search",
  status: "--status",
  scope: "--scope",
  label: "--label",
  ending_within_days: "--ending-within",
  sort: "--sort",
  limit: "--limit",
  cursor: "--cursor",
};

/** `carnet client list`: one page of the clients that the filters find. */
export function addClientListCommand(client: Command): void {
  const command = client
    .command("list")
    .description("List and search the clients.")
    .option("--search <text>", "Only those whose id, name or username holds the text")
    .addOption(new Option("--status <status>", "Only those that are so").choices(["active", "disabled"]))
    .option("--scope <name>", "Only those registered for the scope")
    .option("--label <name=value>", "Only those with the label; can be given again", collectPairs)
    .option(
      "--ending-within <days>",
      "Only those that end, or have a secret that ends, within so many days",
      wholeNumber(0, 9999),
    )
    .option(
      "--sort <key>",
      "client_id, client_name, created_at, updated_at or expires_at; downwards with a minus before it",
    )
    .option("--limit <number>", "How many at the most, up to 1000", wholeNumber(1, 1000), 100)
    .option("--cursor <place>", "Begin where the page before ended")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: ListOptions) =>
    withAdminApi(command, async (api) => {
      const { search, endingWithin, json, ...same } = options;
      const query = {
        q: search,
        ending_within_days: endingWithin?.toString(),
        status: same.status,
        scope: same.scope,
        label: same.label,
        sort: same.sort,
        limit: String(same.limit),
        cursor: same.cursor,
      };
      const page = await refuseWithFlags(flags, () => api.listClients(query));
      if (json) process.stdout.write(`${JSON.stringify(page, null, 2)}\n`);
      else process.stdout.write(formatClients(page.clients) + noteUnsupported(page.clients));
      if (!json && page.next !== null) process.stderr.write(`There are more: add --cursor ${page.next}\n`);
    }),
  );
}

function formatClients(clients: readonly Client[]): string {
  if (clients.length === 0)
    return "No clients: `carnet client create --scope file:read` registers one, and fewer filters find more.\n";
  const rows = clients.map((client) => [
    client.client_id,
    shorten(client.client_name ?? "-"),
    client.status,
    shorten(client.scope || "-"),
    client.expires_at ?? "never",
    String(client.secrets.filter(({ state }) => state === "active" || state === "pending").length),
    shorten([...new Set(client.warnings.map(shortWarning))].join(", ") || "-"),
  ]);
  return formatTable(["CLIENT ID", "NAME", "STATUS", "SCOPE", "EXPIRES", "LIVE SECRETS", "WARNINGS"], rows);
}

/** Names the clients with secrets that an earlier version stored under a slow hash. */
function noteUnsupported(clients: readonly Client[]): string {
  const ids = clients
    .filter(({ secrets }) => secrets.some(({ state }) => state === "unsupported"))
    .map(({ client_id }) => client_id);
  if (ids.length === 0) return "";
  return `\nSecrets under a slow hash are no longer accepted: ${ids.join(", ")}. Rotate them with \`carnet secret rotate <client-id>\`.\n`;
}

const shortWarning = ({ what, within_days }: Client["warnings"][number]): string =>
  within_days === 0 ? `${what} has ended` : `${what} ends within ${within_days} d`;
