import type { AddedSecret, Secret } from "@carnet/protocol/admin/clients";
import { type Command, Option } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { confirm } from "../confirm.ts";
import { given, wholeNumber } from "../option-values.ts";
import { readSecretFromInput } from "../secret-input.ts";
import { showOnce } from "../shown-once.ts";
import { formatTable, shorten } from "../table.ts";
import { addSecretImportCommand } from "./secret-import.ts";

/** `carnet secret …`: the secrets of clients. */
export function addSecretCommand(program: Command): void {
  const secret = program.command("secret").description("Add, rotate and revoke the secrets of clients.");
  addAdd(secret);
  addList(secret);
  addRotate(secret);
  addRevoke(secret);
  addSecretImportCommand(secret);
}

interface NewSecretOptions {
  readonly label?: string;
  readonly notBefore?: string;
  readonly expiresAt?: string;
  readonly secretStdin?: boolean;
  readonly json?: boolean;
}

const addNewSecretOptions = (command: Command): Command =>
  command
    .option("--label <text>", "A name for people")
    .option("--not-before <time>", "From when it is valid, such as 2027-01-31T12:00:00Z (default: now)")
    .option("--expires-at <time>", "When it ends (default: never)")
    .option(
      "--secret-stdin",
      "Import an existing secret of at least 20 characters: one line on standard input (default: generated)",
    )
    .option("--json", "Print JSON");

const flags = {
  label: "--label",
  not_before: "--not-before",
  expires_at: "--expires-at",
  value: "--secret-stdin",
  end_old_at: "--end-old-at",
  end_old_when_idle_for: "--end-old-when-idle",
} as const;

async function readNewSecret(options: NewSecretOptions) {
  const value = options.secretStdin ? await readSecretFromInput("the existing secret") : undefined;
  return given({
    label: options.label,
    not_before: options.notBefore,
    expires_at: options.expiresAt,
    value,
  });
}

function addAdd(secret: Command): void {
  const command = secret
    .command("add")
    .description("Give a client one more secret, and show it once.")
    .argument("<client-id>");
  addConnectionOptions(addNewSecretOptions(command)).action(async (clientId: string, options: NewSecretOptions) => {
    const input = await readNewSecret(options);
    await withAdminApi(command, async (api) =>
      show(clientId, await refuseWithFlags(flags, () => api.addSecret(clientId, input)), options),
    );
  });
}

function addRotate(secret: Command): void {
  const command = secret
    .command("rotate")
    .description(
      "Give a client a new secret, and the old ones an end: a day from now, at a time, or once they are idle.",
    )
    .argument("<client-id>")
    .addOption(new Option("--end-old-at <time>", "When the old secrets end").conflicts("endOldWhenIdle"))
    .option(
      "--end-old-when-idle <seconds>",
      "End each old secret once it was not used for so long",
      wholeNumber(1, 90 * 86_400),
    );
  addConnectionOptions(addNewSecretOptions(command)).action(
    async (clientId: string, options: NewSecretOptions & { endOldAt?: string; endOldWhenIdle?: number }) => {
      const rotation = given({
        secret: await readNewSecret(options),
        end_old_at: options.endOldAt,
        end_old_when_idle_for: options.endOldWhenIdle,
      });
      await withAdminApi(command, async (api) =>
        show(clientId, await refuseWithFlags(flags, () => api.rotateSecrets(clientId, rotation)), {
          json: options.json,
          note: `\n${describeEnd(options)}, or sooner where they had an end: see \`carnet secret list ${clientId}\`.\n`,
        }),
      );
    },
  );
}

/** When the secrets before a rotation end: callers that still have one are refused from then on. */
function describeEnd({ endOldAt, endOldWhenIdle }: { endOldAt?: string; endOldWhenIdle?: number }): string {
  if (endOldAt !== undefined) return `Older secrets end at ${endOldAt}`;
  if (endOldWhenIdle !== undefined) return `Older secrets end once unused for ${endOldWhenIdle} s`;
  return "Older secrets end a day from now";
}

function addRevoke(secret: Command): void {
  const command = secret
    .command("revoke")
    .description("End a secret at once.")
    .argument("<client-id>")
    .argument("<secret-id>")
    .option("--yes", "Do not ask");
  addConnectionOptions(command).action(async (clientId: string, secretId: string, options: { yes?: boolean }) => {
    await confirm(`Revoke the secret ${secretId} of ${clientId}? Whoever uses it is refused at once.`, options);
    await withAdminApi(command, async (api) => api.revokeSecret(clientId, secretId));
    process.stderr.write(`The secret ${secretId} is revoked.\n`);
  });
}

function addList(secret: Command): void {
  const command = secret
    .command("list")
    .description("List the secrets of a client, which are never shown again.")
    .argument("<client-id>")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((clientId: string, options: { json?: boolean }) =>
    withAdminApi(command, async (api) => {
      const secrets = await api.listSecrets(clientId);
      process.stdout.write(options.json ? `${JSON.stringify({ secrets }, null, 2)}\n` : formatSecrets(secrets));
    }),
  );
}

/** Secrets as a table for people. */
export const formatSecrets = (secrets: readonly Secret[]): string =>
  secrets.length === 0
    ? "The client has no secrets: `carnet secret add` gives it one.\n"
    : formatTable(
        ["SECRET ID", "LABEL", "PREFIX", "STATE", "CREATED", "EXPIRES", "LAST USED"],
        secrets.map((secret) => [
          secret.secret_id,
          shorten(secret.label ?? "-"),
          secret.prefix || "-",
          secret.state,
          secret.created_at ?? "-",
          secret.expires_at ??
            (secret.ends_when_idle_for === null ? "never" : `after ${secret.ends_when_idle_for} s idle`),
          secret.last_used_at === null ? "never" : `${secret.last_used_at} from ${secret.last_used_from}`,
        ]),
      );

function show(
  clientId: string,
  added: AddedSecret,
  { json, note = "" }: { readonly json?: boolean | undefined; readonly note?: string },
): void {
  const { client_secret: shown, ...secret } = added;
  const once =
    shown === undefined
      ? "\nThe secret that you brought along is kept as a hash only.\n"
      : `\nThe new secret, shown this once and kept nowhere:\n\n  ${shown}\n`;
  showOnce(json ? `${JSON.stringify(added, null, 2)}\n` : formatSecrets([secret]) + once + note, {
    done: `${clientId} has the new secret ${secret.secret_id}`,
    next: `\`carnet secret revoke ${clientId} ${secret.secret_id}\` ends it, and \`carnet secret add ${clientId}\` gives another one.`,
  });
}
