import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { clientStatuses, scopePolicies, tokenEndpointAuthMethods } from "@carnet/core/client/client";
import {
  type ClientRegistration,
  type FieldProblem,
  type RegisteredClient,
  registerClient,
} from "@carnet/core/client/register-client";
import { Redacted } from "@carnet/protocol/redacted";
import { openRegistry } from "@carnet/server/main";
import type { Command } from "commander";
import { clientFacts, clientView } from "../client-view.ts";
import { Failure, fail } from "../failure.ts";
import { collect, parseWholeNumber } from "../option-values.ts";
import { readSecretFromInput } from "../secret-input.ts";
import { addServiceOptions, configurationOf, storeSettings } from "../service-options.ts";
import { formatFacts } from "../table.ts";

interface CreateOptions {
  readonly clientId?: string;
  readonly name?: string;
  readonly scope?: readonly string[];
  readonly scopePolicy?: string;
  readonly authMethod?: string;
  readonly tokenTtl?: string;
  readonly expiresAt?: string;
  readonly allowIp?: readonly string[];
  readonly workspace?: string;
  readonly disabled?: boolean;
  readonly secretStdin?: boolean;
  readonly humanSecret?: boolean;
  readonly json?: boolean;
}

/** Which flag sets a field, so that a problem names what was typed. */
const flagOf = {
  client_id: "--client-id",
  client_name: "--name",
  scope: "--scope",
  scope_policy: "--scope-policy",
  status: "--disabled",
  expires_at: "--expires-at",
  ip_allowlist: "--allow-ip",
  token_endpoint_auth_method: "--auth-method",
  access_token_ttl: "--token-ttl",
  workspace: "--workspace",
  client_secret: "--secret-stdin",
  human_secret: "--human-secret",
} as const satisfies Record<keyof ClientRegistration, string>;

/** `carnet client create`: registers a client, with a new secret or an existing one. */
export function addClientCreateCommand(client: Command): void {
  const command = client
    .command("create")
    .description("Register a client and show its secret once.")
    .option("--client-id <id>", "An existing client id to bring along (default: a new one)")
    .option("--name <text>", "A name for people")
    .option(
      "--scope <names>",
      "The scopes it may get, separated by spaces; can be given again (default: none)",
      collect,
    )
    .option(
      "--scope-policy <policy>",
      `What happens when it asks for others: ${scopePolicies.join(", ")} (default: narrow)`,
    )
    .option(
      "--auth-method <method>",
      `The one way it may authenticate: ${tokenEndpointAuthMethods.join(", ")} (default: any)`,
    )
    .option("--token-ttl <seconds>", "How long its tokens are good for (default: as the server is set)")
    .option("--expires-at <time>", "When it ends, such as 2027-01-31T12:00:00Z (default: never)")
    .option(
      "--allow-ip <blocks>",
      "Where it may call from, such as 203.0.113.0/24, separated by commas; can be given again (default: anywhere)",
      collect,
    )
    .option("--workspace <id>", "Its workspace, for the claim arid")
    .option("--disabled", "Register it disabled")
    .option("--secret-stdin", "Bring an existing secret along: one line on standard input")
    .option(
      "--human-secret",
      "The existing secret was made up by a person: keep it under a slow hash, as one under 20 characters always is",
    )
    .option("--json", "Print JSON");
  addServiceOptions(command, storeSettings).action((options: CreateOptions) => create(options, command));
}

async function create(options: CreateOptions, command: Command): Promise<void> {
  const registration = await readRegistration(options);
  const configuration = configurationOf(command, "dev");
  const isNewStore = !existsSync(configuration.store.path);
  const registry = await openRegistry(configuration);
  try {
    const registered = await registerClient(registration, registry);
    if (!registered.ok) throw new Failure(explain(registered.error));
    if (isNewStore && !options.json) process.stdout.write(newStore(resolve(configuration.store.path)));
    show(registered.value, options.json === true);
  } finally {
    await registry.close();
  }
}

function show({ client, generatedSecret }: RegisteredClient, asJson: boolean): void {
  const view = clientView(client);
  const secret = generatedSecret?.reveal();
  const shown = asJson
    ? `${JSON.stringify({ ...view, ...(secret === undefined ? {} : { client_secret: secret }) }, null, 2)}\n`
    : formatFacts(clientFacts(view)) +
      (secret === undefined
        ? "\nThe secret that you brought along is kept as a hash only.\n"
        : `\nIts secret, shown this once and kept nowhere:\n\n  ${secret}\n`);
  process.stdout.write(shown, (error) => {
    // A reader that went away early is no matter elsewhere, but here nobody has the secret
    if (error) process.exit(fail(new Failure(lostOutput(view.client_id, error))));
  });
}

/** Whoever meant the store of a running service, and stands in another folder, must see it at once. */
const newStore = (path: string): string =>
  `There was no store, so one was made at ${path}. For that of a service, run this in its folder or name it with --store.\n\n`;

const lostOutput = (clientId: string, error: NodeJS.ErrnoException): string =>
  `The client ${clientId} is registered, but that could not be written to standard output (${error.code ?? error.name}), so nobody has its secret: leave it unused and register another one.`;

async function readRegistration(options: CreateOptions): Promise<ClientRegistration> {
  const secret = options.secretStdin
    ? new Redacted(await readSecretFromInput("the client's existing secret"))
    : undefined;
  return {
    client_id: options.clientId,
    client_name: options.name,
    scope: options.scope?.join(" "),
    scope_policy: options.scopePolicy,
    token_endpoint_auth_method: options.authMethod,
    access_token_ttl: options.tokenTtl === undefined ? undefined : parseWholeNumber(options.tokenTtl),
    expires_at: options.expiresAt,
    ip_allowlist: options.allowIp?.flatMap((blocks) => blocks.split(",")).map((block) => block.trim()),
    workspace: options.workspace,
    status: options.disabled ? clientStatuses[1] : undefined,
    client_secret: secret,
    human_secret: options.humanSecret,
  };
}

const explain = (problems: readonly FieldProblem[]): string =>
  ["The client was not registered:", ...problems.map(({ field, problem }) => `${flagOf[field]}: ${problem}`)].join(
    "\n  ",
  );
