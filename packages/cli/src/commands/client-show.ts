import { parseClientId } from "@carnet/protocol/ids";
import type { Registry } from "@carnet/server/main";
import type { Command } from "commander";
import { clientFacts, clientView } from "../client-view.ts";
import { withExistingRegistry } from "../existing-registry.ts";
import { Failure } from "../failure.ts";
import { addServiceOptions, storeSettings } from "../service-options.ts";
import { formatFacts, formatTable } from "../table.ts";

/** `carnet client show`: all that is known of one client, which is never its secret. */
export function addClientShowCommand(client: Command): void {
  const command = client
    .command("show")
    .description("Show one client and its secrets' ids.")
    .argument("<client-id>")
    .option("--json", "Print JSON");
  addServiceOptions(command, storeSettings).action((id: string, options: { json?: boolean }) =>
    withExistingRegistry(command, (registry) => show(registry, id, options)),
  );
}

async function show({ store }: Registry, id: string, options: { readonly json?: boolean }): Promise<void> {
  const clientId = parseClientId(id);
  const lookup = clientId.ok ? await store.find(clientId.value) : undefined;
  if (lookup === undefined || !lookup.known) {
    throw new Failure("No client with this id is registered here: `carnet client list` shows those that are.");
  }
  const view = clientView(lookup.client);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(view, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${formatFacts(clientFacts(view))}\n`);
  const rows = view.secrets.map((secret) => [
    secret.secret_id,
    secret.kind,
    secret.created_at ?? "-",
    secret.expires_at ?? "never",
  ]);
  process.stdout.write(formatTable(["SECRET ID", "KIND", "CREATED", "EXPIRES"], rows));
}
