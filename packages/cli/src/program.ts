import { version } from "@carnet/server/version";
import { Command } from "commander";
import { addAdminCommand } from "./commands/admin.ts";
import { addApplyCommand } from "./commands/apply.ts";
import { addClientCommand } from "./commands/client.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addDevCommand } from "./commands/dev.ts";
import { addExportCommand } from "./commands/export.ts";
import { addScopeCommand } from "./commands/scope.ts";
import { addSecretCommand } from "./commands/secret.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addTokenCommand } from "./commands/token.ts";

/** The whole command line: one file a command. */
export function buildProgram(): Command {
  const program = new Command("carnet")
    .description("A token service for machines: exchanges OAuth client credentials for short-lived bearer tokens.")
    .version(version, "-V, --version")
    .showHelpAfterError("Run the command with --help for what it takes.")
    // What stands behind the equals sign of a flag that is not known may be a secret
    .configureOutput({ outputError: (text, write) => write(text.replace(/'(--?[^=']*)=.*'/s, "'$1'")) })
    .exitOverride();
  addDevCommand(program);
  addServeCommand(program);
  addTokenCommand(program);
  addClientCommand(program);
  addSecretCommand(program);
  addScopeCommand(program);
  addApplyCommand(program);
  addExportCommand(program);
  addAdminCommand(program);
  addCompletionCommand(program);
  return program;
}
