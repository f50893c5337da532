import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import type { Registry } from "@carnet/server/main";
import { type Command, InvalidArgumentError } from "commander";
import { clientView } from "../client-view.ts";
import { withExistingRegistry } from "../existing-registry.ts";
import { parseWholeNumber } from "../option-values.ts";
import { addServiceOptions, storeSettings } from "../service-options.ts";
import { formatTable } from "../table.ts";

interface ListOptions {
  readonly limit: number;
  readonly after?: ClientId;
  readonly json?: boolean;
}

/** `carnet client list`: one page of the clients, in the order of their ids. */
export function addClientListCommand(client: Command): void {
  const command = client
    .command("list")
    .description("List the clients.")
    .option("--limit <number>", "How many at the most, up to 10000", parseLimit, 100)
    .option("--after <id>", "Begin after this client id", parseAfter)
    .option("--json", "Print JSON");
  addServiceOptions(command, storeSettings).action((options: ListOptions) =>
    withExistingRegistry(command, (registry) => list(registry, options)),
  );
}

async function list({ store }: Registry, options: ListOptions): Promise<void> {
  const { limit, after = null } = options;
  const clients = await store.list({ after, limit: limit + 1 });
  const page = clients.slice(0, limit).map(clientView);
  const next = clients.length > limit ? page.at(-1)?.client_id : undefined;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ clients: page, next: next ?? null }, null, 2)}\n`);
    return;
  }
  if (page.length === 0) {
    process.stdout.write("There are no clients here yet: `carnet client create --scope file:read` registers one.\n");
    return;
  }
  const head = ["CLIENT ID", "NAME", "STATUS", "SCOPE", "EXPIRES", "SECRETS"];
  const rows = page.map((view) => [
    view.client_id,
    view.client_name ?? "-",
    view.status,
    view.scope || "-",
    view.expires_at ?? "never",
    String(view.secrets.length),
  ]);
  process.stdout.write(formatTable(head, rows));
  if (next !== undefined) process.stderr.write(`There are more: add --after ${next}\n`);
}

function parseLimit(text: string): number {
  const limit = parseWholeNumber(text);
  if (!(limit >= 1 && limit <= 10_000)) throw new InvalidArgumentError("It must be a whole number from 1 to 10000.");
  return limit;
}

function parseAfter(text: string): ClientId {
  const id = parseClientId(text);
  if (!id.ok) throw new InvalidArgumentError(`It is no client id: ${id.error}.`);
  return id.value;
}
