import type { AddedSecret, Secret } from "@carnet/protocol/admin/clients";
import { formatDuration } from "@carnet/protocol/duration";
import { quoted } from "@carnet/protocol/shell-word";
import { type Command, Option } from "commander";
import { confirmTarget } from "../admin/confirm-target.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { definedOnly, duration, timeOrEmpty } from "../option-values.ts";
import { readSecretFromInput } from "../secret-input.ts";
import { showOnce } from "../shown-once.ts";
import { formatTable } from "../table.ts";
import { wrapped } from "../wrap.ts";
import { addSecretImportCommand } from "./secret-import.ts";
import { countsFrom } from "./token-revoke.ts";

/** `carnet secret …`: manages the secrets of clients. */
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
    .option("--label <text>", "A display name")
    .option("--not-before <time>", "When it becomes valid, such as 2027-01-31T12:00:00Z (default: now)", timeOrEmpty)
    .option("--expires-at <time>", "When it expires (default: never)", timeOrEmpty)
    .option(
      "--secret-stdin",
      "Read an existing secret of at least 20 characters as one line from standard input (default: a generated one)",
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

async function readNewSecret({ label, notBefore, expiresAt, secretStdin }: NewSecretOptions) {
  const value = secretStdin ? await readSecretFromInput("the existing secret") : undefined;
  return definedOnly({ label, not_before: notBefore, expires_at: expiresAt, value });
}

function addAdd(secret: Command): void {
  const command = secret
    .command("add")
    .description("Add a secret to a client and show it once.")
    .argument("<client-id>");
  addConnectionOptions(addNewSecretOptions(command)).action(async (clientId: string, options: NewSecretOptions) => {
    const input = await readNewSecret(options);
    await withAdminApi(command, async (api) => show(clientId, await api.addSecret(clientId, input), options), flags);
  });
}

function addRotate(secret: Command): void {
  const command = secret
    .command("rotate")
    .description(
      "Give a client a new secret. The old ones expire after a day, at a given time, or when they are idle. Does not ask, because no secret ends at once: `carnet secret revoke` does that.",
    )
    .argument("<client-id>")
    .addOption(
      new Option("--end-old-at <time>", "When the old secrets expire")
        .conflicts("endOldWhenIdle")
        .argParser(timeOrEmpty),
    )
    .option(
      "--end-old-when-idle <duration>",
      "Expire each old secret when it was not used for this long, such as 7d",
      duration(1, 90 * 86_400),
    );
  addConnectionOptions(addNewSecretOptions(command)).action(
    async (clientId: string, options: NewSecretOptions & { endOldAt?: string; endOldWhenIdle?: number }) => {
      const rotation = definedOnly({
        secret: await readNewSecret(options),
        end_old_at: options.endOldAt,
        end_old_when_idle_for: options.endOldWhenIdle,
      });
      const note = `\n${describeEnd(options)}, or at their own expiry date if that is sooner. See \`carnet secret list ${quoted(clientId)}\`.\n`;
      await withAdminApi(
        command,
        async (api) => show(clientId, await api.rotateSecrets(clientId, rotation), { json: options.json, note }),
        flags,
      );
    },
  );
}

/** When the old secrets expire after a rotation. From then on, callers that still use one are refused. */
function describeEnd({ endOldAt, endOldWhenIdle }: { endOldAt?: string; endOldWhenIdle?: number }): string {
  if (endOldAt !== undefined) return `Older secrets expire at ${endOldAt}`;
  if (endOldWhenIdle !== undefined) return `Older secrets expire when unused for ${formatDuration(endOldWhenIdle)}`;
  return "Older secrets expire a day from now";
}

interface RevokeOptions {
  readonly withTokens?: boolean;
  readonly keepTokens?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** What happens to the tokens of a revoked secret. */
function fateOfTokens(clientId: string, secretId: string, withTokens: boolean | undefined): string {
  if (withTokens) return `Its tokens are revoked as well. ${countsFrom}`;
  const kept = withTokens === false ? "Its tokens" : "Unless this is an admin client, its tokens";
  return `${kept} stay valid until they expire. To revoke them: \`carnet token revoke --client ${quoted(clientId)} --secret ${quoted(secretId)}\`.`;
}

function addRevoke(secret: Command): void {
  const command = secret
    .command("revoke")
    .description("Revoke a secret at once.")
    .argument("<client-id>")
    .argument("<secret-id>")
    .addOption(
      new Option(
        "--with-tokens",
        "Revoke the tokens that the client got with it, too (default for admin clients)",
      ).conflicts("keepTokens"),
    )
    .option("--keep-tokens", "Leave these tokens valid until they expire (default for other clients)")
    .option("--yes", "Do not ask for confirmation")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((clientId: string, secretId: string, options: RevokeOptions) =>
    withAdminApi(command, async (api) => {
      const withTokens = options.withTokens ?? (options.keepTokens ? false : undefined);
      const question = `Revoke the secret ${secretId} of ${clientId}? Callers that use it are refused at once.`;
      await confirmTarget(question, options, () => api.showSecret(clientId, secretId));
      await api.revokeSecret(clientId, secretId, withTokens);
      const revoked = { client_id: clientId, secret_id: secretId };
      if (options.json) process.stdout.write(`${JSON.stringify({ revoked }, null, 2)}\n`);
      else
        process.stderr.write(
          wrapped(`Revoked the secret ${secretId}. ${fateOfTokens(clientId, secretId, withTokens)}\n`, process.stderr),
        );
    }),
  );
}

function addList(secret: Command): void {
  const command = secret
    .command("list")
    .description("List the secrets of a client, without their values.")
    .argument("<client-id>")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((clientId: string, options: { json?: boolean }) =>
    withAdminApi(command, async (api) => {
      const secrets = await api.listSecrets(clientId);
      process.stdout.write(options.json ? `${JSON.stringify({ secrets }, null, 2)}\n` : formatSecrets(secrets));
    }),
  );
}

export const formatSecrets = (secrets: readonly Secret[]): string =>
  secrets.length === 0
    ? "The client has no secrets. Add one with `carnet secret add`.\n"
    : formatTable(
        ["SECRET ID", "LABEL", "PREFIX", "STATE", "CREATED", "EXPIRES", "LAST USED"],
        secrets.map((secret) => [
          secret.secret_id,
          secret.label ?? "-",
          secret.prefix ?? "-",
          secret.state,
          secret.created_at ?? "-",
          endOf(secret),
          secret.last_used_at === null ? "never" : `${secret.last_used_at} from ${secret.last_used_from}`,
        ]),
        { shortened: ["LABEL"] },
      );

function endOf({ expires_at, ends_when_idle_for: idle, must_be_used_by: usedBy }: Secret): string {
  const end = expires_at ?? (idle === null ? "never" : `after ${formatDuration(idle)} idle`);
  return usedBy === null || (expires_at !== null && expires_at <= usedBy) ? end : `${usedBy} unless used before`;
}

function show(
  clientId: string,
  added: AddedSecret,
  { json, note = "" }: { readonly json?: boolean | undefined; readonly note?: string },
): void {
  const { client_secret: shown, ...secret } = added;
  const once =
    shown === undefined
      ? "\nThe secret that you gave is stored only as a keyed digest.\n"
      : `\nThe new secret, shown only once:\n\n  ${shown}\n`;
  showOnce(json ? `${JSON.stringify(added, null, 2)}\n` : formatSecrets([secret]) + once + wrapped(note), {
    done: `${clientId} has the new secret ${secret.secret_id}`,
    next: `revoke it with \`carnet secret revoke ${quoted(clientId)} ${quoted(secret.secret_id)}\`, and add a new one with \`carnet secret add ${quoted(clientId)}\`.`,
  });
}
