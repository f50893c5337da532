import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import type { ImportOptions } from "../import/import-clients.ts";

/** `carnet secret import`: registers existing clients with their secrets, in bulk and in bounded memory. */
export function addSecretImportCommand(secret: Command): void {
  const command = secret
    .command("import")
    .description(
      'Import existing clients and secrets from JSON Lines, such as {"client_id": "a1", "scope": "file:read", "secret": {"value": "…"}}. ' +
        "A line that cannot be imported does not stop the others.",
    )
    .requiredOption("-f, --file <path>", "The file, or - for standard input")
    .option("--dry-run", "Only check the file and print the result")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(async (options: ImportOptions) => {
    const { importClients } = await import("../import/import-clients.ts"); // The schema is slow to load.
    await withAdminApi(command, (api) => importClients(api, options));
  });
}
