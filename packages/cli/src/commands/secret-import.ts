import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import type { ImportOptions } from "../import/import-clients.ts";

/** `carnet secret import`: existing clients with their existing secrets, in bulk and in bounded memory. */
export function addSecretImportCommand(secret: Command): void {
  const command = secret
    .command("import")
    .description(
      'Import existing clients and secrets from JSON Lines, such as {"client_id": "a1", "scope": "file:read", "secret": {"value": "…"}}. ' +
        "One that cannot be imported stops none of the others.",
    )
    .requiredOption("-f, --file <path>", "The file, or - for standard input")
    .option("--dry-run", "Only say what would come of it")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(async (options: ImportOptions) => {
    const { importClients } = await import("../import/import-clients.ts"); // the check of a line takes its time to load
    await withAdminApi(command, (api) => importClients(api, options));
  });
}
