import { version } from "@carnet/server/version";
import { Command } from "commander";

/** One file per command, loaded on demand, so that `serve` does not load the dependencies of the others. */
const commands = {
  dev: async () => (await import("./commands/dev.ts")).addDevCommand,
  serve: async () => (await import("./commands/serve.ts")).addServeCommand,
  token: async () => (await import("./commands/token.ts")).addTokenCommand,
  client: async () => (await import("./commands/client.ts")).addClientCommand,
  secret: async () => (await import("./commands/secret.ts")).addSecretCommand,
  scope: async () => (await import("./commands/scope.ts")).addScopeCommand,
  apply: async () => (await import("./commands/apply.ts")).addApplyCommand,
  export: async () => (await import("./commands/export.ts")).addExportCommand,
  admin: async () => (await import("./commands/admin.ts")).addAdminCommand,
  completion: async () => (await import("./commands/completion.ts")).addCompletionCommand,
} as const;

/** The command line with only the named command, or with all commands if the name is not one. */
export async function buildProgram(asked?: string): Promise<Command> {
  const program = new Command("carnet")
    .description("A token service for machines: exchanges OAuth client credentials for short-lived bearer tokens.")
    .version(version, "-V, --version")
    .showHelpAfterError("Run the command with --help to see its options.")
    // The value of an unknown flag may be a secret.
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^(error: unknown option '--?[^=']*)=.*'/s, "$1'")),
    })
    .exitOverride();
  const known = Object.hasOwn(commands, asked ?? "");
  for (const [name, load] of Object.entries(commands)) {
    if (!known || name === asked) (await load())(program);
  }
  return program;
}
