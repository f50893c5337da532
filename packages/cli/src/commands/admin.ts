import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { Failure, fail, notice } from "../failure.ts";
import { serverAddress } from "../server-address.ts";
import { addServiceOptions, configurationOf, storeSettings } from "../service-options.ts";
import { showOnce } from "../shown-once.ts";
import { formatFacts } from "../table.ts";
import { addAdminClientCommands } from "./admin-clients.ts";

interface ResetOptions {
  readonly serverUrl?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet admin …`: manages admin clients. `reset` restores the first one, and is the only command that opens the store. */
export function addAdminCommand(program: Command): void {
  const admin = program.command("admin").description("Create, list and change admin clients, and reset the first one.");
  addAdminClientCommands(admin);
  const command = admin
    .command("reset")
    .description(
      "Restore the admin client carnet-admin to its original settings, with a new secret. Its old secrets are revoked at once. " +
        "This opens the store directly, so it needs the store and its master key, but no running service. Run it as the service's user.",
    )
    .option(
      "--server-url <url>",
      "The service's address for the admin file (default: the one in the file; without a file, the issuer)",
      serverAddress,
    )
    .option("--yes", "Do not ask for confirmation")
    .option("--json", "Print JSON");
  addServiceOptions(command, storeSettings).action(() => reset(command));
}

async function reset(command: Command): Promise<void> {
  const { serverUrl, yes, json } = command.opts<ResetOptions>();
  const configuration = await configurationOf(command, "dev");
  const { storeName } = await import("@carnet/server/configuration/setting-values");
  await confirm(
    `Give carnet-admin in ${storeName(configuration.store)} a new secret and revoke its old ones at once?`,
    { yes },
  );
  const { resetAdmin } = await import("@carnet/server/main");
  const { clientId, clientSecret, file, serverUrl: url, ...problems } = await resetAdmin(configuration, serverUrl);
  const secret = clientSecret.reveal();
  const shown = json
    ? `${JSON.stringify({ client_id: clientId, client_secret: secret, file, server_url: url }, null, 2)}\n`
    : `${formatFacts({ client_id: clientId, file, server_url: url })}\nIts secret, shown only once and stored only in that file:\n\n  ${secret}\n`;
  showOnce(shown, { done: `${clientId} has a new secret`, next: `read it from ${file}, or reset it again.` });
  if (problems.journalProblem !== undefined) notice(problems.journalProblem);
  if (problems.fileProblem !== undefined) process.exitCode = fail(new Failure(problems.fileProblem));
}
