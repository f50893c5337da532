import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { clientFacts, warningLines } from "../client-facts.ts";
import { formatFacts } from "../table.ts";
import { formatSecrets } from "./secret.ts";

/** `carnet client show`: everything about one client except its secrets. */
export function addClientShowCommand(client: Command): void {
  const command = client
    .command("show")
    .description("Show one client and the ids of its secrets.")
    .argument("<client-id>")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((id: string, options: { json?: boolean }) =>
    withAdminApi(command, async (api) => {
      const shown = await api.showClient(id);
      if (options.json) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
      else
        process.stdout.write(
          [formatFacts(clientFacts(shown)), formatSecrets(shown.secrets), ...warningLines(shown)].join("\n"),
        );
    }),
  );
}
