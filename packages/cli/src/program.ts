import { version } from "@carnet/server/version";
import { Command, Help } from "commander";
import { usageHint, wantsJson, withoutSecrets } from "./failure.ts";
import { columnsOf, wrapLine, wrapLines, wrapped } from "./wrap.ts";

/** One file per command, loaded on demand, so that `serve` does not load the dependencies of the others. */
const commands = {
  dev: async () => (await import("./commands/dev.ts")).addDevCommand,
  serve: async () => (await import("./commands/serve.ts")).addServeCommand,
  token: async () => (await import("./commands/token.ts")).addTokenCommand,
  client: async () => (await import("./commands/client.ts")).addClientCommand,
  owner: async () => (await import("./commands/owner.ts")).addOwnerCommand,
  secret: async () => (await import("./commands/secret.ts")).addSecretCommand,
  scope: async () => (await import("./commands/scope.ts")).addScopeCommand,
  key: async () => (await import("./commands/key.ts")).addKeyCommand,
  pepper: async () => (await import("./commands/pepper.ts")).addPepperCommand,
  explain: async () => (await import("./commands/explain.ts")).addExplainCommand,
  apply: async () => (await import("./commands/apply.ts")).addApplyCommand,
  export: async () => (await import("./commands/export.ts")).addExportCommand,
  admin: async () => (await import("./commands/admin.ts")).addAdminCommand,
  "master-key": async () => (await import("./commands/master-key.ts")).addMasterKeyCommand,
  migrate: async () => (await import("./commands/migrate.ts")).addMigrateCommand,
  whoami: async () => (await import("./commands/whoami.ts")).addWhoamiCommand,
  audit: async () => (await import("./commands/audit.ts")).addAuditCommand,
  completion: async () => (await import("./commands/completion.ts")).addCompletionCommand,
} as const;

/** A narrower description stands below its term. */
const leastDescription = 24;

function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? 80;
  if (columns - termWidth - 4 >= leastDescription)
    return Help.prototype.formatItem.call(helper, term, termWidth, description, helper);
  return wrapLines(`  ${term}\n      ${description}`, columns).trimEnd();
}

function commandUsage(this: Help, command: Command): string {
  const usage = Help.prototype.commandUsage.call(this, command);
  return wrapLine(usage, (this.helpWidth ?? 80) - "Usage: ".length, "  ");
}

const helpWidth = (stream: NodeJS.WriteStream): number => Math.min(columnsOf(stream), 80);

/** The value of an unknown or invalid flag may be a secret. */
export const withoutValue = (text: string): string =>
  text
    .replace(/^(error: unknown option '(?:--[^=']*|-[^-']?)).*'/s, "$1'")
    .replace(/^(error: option '[^']*') argument '.*' is invalid\./s, "$1 has an invalid value.");

/** The words that show the help of a command, for `carnet help client create`. An unknown one gets its usage error. */
export function readHelp(program: Command, [first, ...names]: readonly string[]): readonly string[] | undefined {
  if (first !== "help" || names.length === 0) return undefined;
  let command = program;
  for (const [at, name] of names.entries()) {
    if (command.commands.length === 0) return [...names.slice(0, at), "--help"];
    const child = command.commands.find((candidate) => candidate.name() === name);
    if (child === undefined) return names.slice(0, at + 1);
    command = child;
  }
  return [...names, "--help"];
}

/** The id of a key is 43 characters of base64url. One that begins with `-` must not be taken for a flag. */
export function withKeyIdLast(words: readonly string[]): readonly string[] {
  const place = words[0] === "key" && !words.includes("--") ? words.findIndex((word) => /^-[\w-]{42}$/.test(word)) : -1;
  return place === -1
    ? words
    : [...words.slice(0, place), ...words.slice(place + 1), "--", ...words.slice(place, place + 1)];
}

/** The command line with only the named command, or with all commands if the name is not one. */
export async function buildProgram(asked?: string): Promise<Command> {
  const program = new Command("carnet")
    .description("A token service for machines: exchanges OAuth client credentials for short-lived bearer tokens.")
    .version(version, "-V, --version")
    .enablePositionalOptions() // `token` and its subcommands have options of the same names
    .showHelpAfterError(usageHint)
    .configureHelp({ minWidthToWrap: leastDescription, formatItem, commandUsage })
    .configureOutput({
      getOutHelpWidth: () => helpWidth(process.stdout),
      getErrHelpWidth: () => helpWidth(process.stderr),
      outputError: (text, write) => write(wrapped(withoutSecrets(withoutValue(text)), process.stderr)),
      ...(wantsJson() ? { writeErr: () => {} } : {}), // main prints the error instead
    })
    .exitOverride();
  const known = Object.hasOwn(commands, asked ?? "");
  for (const [name, load] of Object.entries(commands)) {
    if (!known || name === asked) (await load())(program);
  }
  return program;
}
