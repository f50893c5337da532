import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { addServiceOptions, configurationOf, storeSettings } from "../service-options.ts";
import { showOnce } from "../shown-once.ts";
import { formatFacts } from "../table.ts";

interface ResetOptions {
  readonly serverUrl?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet admin reset`: the way back in for who has the machine. The one command that opens the store by itself. */
export function addAdminCommand(program: Command): void {
  const admin = program.command("admin").description("The first admin client, by which all others are made.");
  const command = admin
    .command("reset")
    .description(
      "Put the admin client carnet-admin back as the first start made it, with a new secret; its old ones end at once. " +
        "Opens the store itself, so it needs the store and its master key, and no service that runs; run it as the user that the service runs as.",
    )
    .option(
      "--server-url <url>",
      "Where the service is, for the admin file (default: as that says now; without the file, the issuer)",
    )
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addServiceOptions(command, storeSettings).action(() => reset(command));
}

async function reset(command: Command): Promise<void> {
  const { serverUrl, yes, json } = command.opts<ResetOptions>();
  const configuration = await configurationOf(command, "dev");
  const { path } = configuration.store;
  await confirm(`Give carnet-admin of ${path} a new secret, and end its old ones at once?`, { yes });
  const { resetAdmin } = await import("@carnet/server/main");
  const { clientId, clientSecret, file, serverUrl: url, fileProblem } = await resetAdmin(configuration, serverUrl);
  const secret = clientSecret.reveal();
  const shown = json
    ? `${JSON.stringify({ client_id: clientId, client_secret: secret, file, server_url: url }, null, 2)}\n`
    : `${formatFacts({ client_id: clientId, file, server_url: url })}\nIts secret, shown this once and otherwise in that file only:\n\n  ${secret}\n`;
  showOnce(shown, { done: `${clientId} has a new secret`, next: `it stands in ${file}, or reset it again.` });
  if (fileProblem === undefined) return;
  process.stderr.write(`carnet: ${fileProblem}\n`);
  process.exitCode = 1;
}
