import type { CreatedClient, NewClient } from "@carnet/protocol/admin/clients";
import { quoted } from "@carnet/protocol/shell-word";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { namingOwner } from "../admin/unknown-owner.ts";
import { clientFacts } from "../client-facts.ts";
import {
  addSettingsOptions,
  type ClientSettingsOptions,
  readSettingsOptions,
  settingsFlags,
} from "../client-settings-options.ts";
import { noticeNoScopes } from "../no-scopes-notice.ts";
import { definedOnly, timeOrEmpty } from "../option-values.ts";
import { readSecretFromInput } from "../secret-input.ts";
import { showOnce } from "../shown-once.ts";
import { formatFacts } from "../table.ts";

interface CreateOptions extends ClientSettingsOptions {
  readonly clientId?: string;
  readonly workspace?: string;
  readonly owner?: string;
  readonly secretExpiresAt?: string;
  readonly disabled?: boolean;
  readonly secretStdin?: boolean;
  readonly json?: boolean;
}

const flags = {
  ...{ ...settingsFlags, client_id: "--client-id", owner: "--owner", workspace: "--workspace" },
  ...{ value: "--secret-stdin", "secret/expires_at": "--secret-expires-at" },
};

/** `carnet client create`: registers a client, with a new secret or an existing one. */
export function addClientCreateCommand(client: Command): void {
  const command = client
    .command("create")
    .description("Register a client and show its secret once.")
    .option("--client-id <id>", "The id to register (default: a generated one)")
    .option("--owner <name>", "The owner that it belongs to (default: your only one, else `default`)")
    .option("--workspace <id>", "Its workspace, for the claim arid; cannot be changed later")
    .option("--disabled", "Register it disabled")
    .option("--secret-stdin", "Read an existing secret of at least 20 characters as one line from standard input")
    .option(
      "--secret-expires-at <time>",
      "When its secret expires (default: never, or what its owner's policy says)",
      timeOrEmpty,
    )
    .option("--json", "Print JSON")
    .allowExcessArguments(); // They get a message of their own.
  addConnectionOptions(addSettingsOptions(command)).action(async (options: CreateOptions) => {
    if (command.args.length > 0) command.error(`error: too many arguments. ${adviceFor(options)}`, { exitCode: 2 });
    const registration = await readRegistration(options);
    await withAdminApi(
      command,
      async (api) => {
        const created = await namingOwner(api, options.owner, () => api.createClient(registration));
        show(created, options.json === true);
      },
      flags,
    );
  });
}

/** What the user probably meant: an id, or more values of the flag before. Does not repeat it: it may be a secret. */
const adviceFor = ({ scope, allowIp }: CreateOptions): string =>
  scope === undefined && allowIp === undefined
    ? "To choose the id, use --client-id <id>."
    : "Repeat a flag for each of its values, such as --scope file:read --scope file:write.";

async function readRegistration(options: CreateOptions): Promise<NewClient> {
  const value = options.secretStdin ? await readSecretFromInput("the client's existing secret") : undefined;
  return {
    ...readSettingsOptions(options),
    ...definedOnly({
      client_id: options.clientId,
      workspace: options.workspace,
      status: options.disabled ? "disabled" : undefined,
      owner: options.owner,
      secret: definedOnly({ value, expires_at: options.secretExpiresAt }),
    }),
  };
}

function show(created: CreatedClient, asJson: boolean): void {
  const { client_secret: secret, ...client } = created;
  const { client_id } = client;
  const shown = asJson
    ? `${JSON.stringify(created, null, 2)}\n`
    : formatFacts(clientFacts(client)) +
      (secret === undefined
        ? "\nThe secret that you gave is stored only as a keyed digest.\n"
        : `\nIts secret, shown only once:\n\n  ${secret}\n`);
  showOnce(shown, {
    done: `The client ${client_id} is registered`,
    next: `add a new one with \`carnet secret add ${quoted(client_id)}\`.`,
  });
  if (client.scope === "") noticeNoScopes(1, [client_id]);
}
