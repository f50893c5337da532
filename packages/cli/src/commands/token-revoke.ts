import type { RevocationResult } from "@carnet/protocol/admin/revocations";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { confirm } from "../confirm.ts";
import { definedOnly, timeOrAgo } from "../option-values.ts";
import { readSecretFromInput } from "../secret-input.ts";
import { wrapped } from "../wrap.ts";

/** How soon a revocation counts. */
export const countsFrom =
  "This counts within 1 second at every process of the service, and within 2 seconds at every API with @carnet/guard, plus the time for which a CDN caches. Other APIs accept a token until it expires.";

interface RevokeOptions {
  readonly client?: string;
  readonly secret?: string;
  readonly issuedBefore?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const flags = {
  token: "the token",
  client_id: "--client",
  secret_id: "--secret",
  issued_before: "--issued-before",
};

/** `carnet token revoke`: one token, or the tokens of a client, of a secret or from before a time. */
export function addTokenRevokeCommand(token: Command): void {
  const command = token
    .command("revoke")
    .description(
      "Revoke a token, or all tokens of a client, of a secret or from before a time. Clients and secrets can get new tokens at once.",
    )
    .argument(
      "[token]",
      "The token, or - to read it as one line from standard input. Prefer -, because other users of this machine can see arguments, and the shell keeps them in its history",
    )
    .option("--client <id>", "Revoke all tokens of this client")
    .option("--secret <id>", "With --client: only the tokens that the client got with this secret")
    .option(
      "--issued-before <time>",
      "Revoke the tokens that were issued before this time, date or duration ago, such as 10m; without --client those of all clients",
      timeOrAgo,
    )
    .option("--yes", "Do not ask before the tokens of all clients are revoked")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(async (text: string | undefined, options: RevokeOptions) => {
    const problem = usageProblem(text, options);
    if (problem !== undefined) command.error(`error: ${problem}`, { exitCode: 2 });
    const token = text === "-" ? await readSecretFromInput("the token") : text;
    await withAdminApi(
      command,
      async (api) => {
        const { client, secret, issuedBefore } = options;
        if (token === undefined && client === undefined)
          await confirm(`Revoke the tokens of all clients that were issued before ${issuedBefore}?`, options);
        const target = { token, client_id: client, secret_id: secret, issued_before: issuedBefore };
        const result = await api.revokeTokens(definedOnly(target));
        if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
        else process.stderr.write(wrapped(`${describe(result, token !== undefined)}\n`, process.stderr));
      },
      flags,
    );
  });
}

/** What cannot be combined. The service checks it too, but a usage error needs no service. */
function usageProblem(token: string | undefined, { client, secret, issuedBefore }: RevokeOptions): string | undefined {
  if (token !== undefined && (client ?? secret ?? issuedBefore) !== undefined)
    return "a token cannot be combined with --client, --secret or --issued-before";
  if (secret !== undefined && client === undefined) return "--secret needs --client";
  if (secret !== undefined && issuedBefore !== undefined) return "--secret cannot be combined with --issued-before";
  if (token === undefined && client === undefined && issuedBefore === undefined)
    return "name what to revoke: a token (- reads it from standard input), --client or --issued-before";
  return undefined;
}

function describe(result: RevocationResult, isToken: boolean): string {
  if (result.reason === "not_valid")
    return "Nothing had to be revoked: the token has expired, or it is not one of this service. Check that it is complete.";
  if (!result.revoked)
    return `Nothing had to be revoked: ${isToken ? "the token is" : "these tokens are"} revoked already.`;
  return `Revoked ${revokedTokens(result, isToken)}. ${countsFrom}`;
}

function revokedTokens({ kind, client_id: client, ...result }: RevocationResult, isToken: boolean): string {
  const before = `all tokens ${client === null ? "of all clients" : `of ${client}`} from before ${result.issued_before}`;
  switch (kind) {
    case "token":
      return `a token of ${client}`;
    case "client":
      return `all tokens of ${client}`;
    case "secret":
      return `all tokens that ${client} got with the secret ${result.secret_id}`;
    default:
      return isToken ? `${before}, because the client has too many single revoked tokens` : before;
  }
}
