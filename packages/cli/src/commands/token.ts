import { isMistypedSecret } from "@carnet/protocol/client-secret";
import { type BearerToken, IamError, type Region, SDK, SERVERS } from "@carnet/sdk";
import { type Command, Option } from "commander";
import { Failure } from "../failure.ts";
import { collect } from "../option-values.ts";
import { connectAdvice, failureOf } from "../sdk-failure.ts";
import { noticeHooks } from "../sdk-notices.ts";
import { readSecretFromInput } from "../secret-input.ts";
import { addressProblem, serverAddress, serverOptions } from "../server-address.ts";
import { printable } from "../table.ts";
import { addTokenRevocationsCommand } from "./token-revocations.ts";
import { addTokenRevokeCommand } from "./token-revoke.ts";

interface TokenOptions {
  readonly clientId?: string;
  readonly secretStdin?: boolean;
  readonly scope?: readonly string[];
  readonly serverUrl?: string;
  readonly region?: string;
  readonly json?: boolean;
}

/** `carnet token`: requests a token and prints only the token, so that scripts can use it. */
export function addTokenCommand(program: Command): void {
  const command = program
    .command("token")
    .description("Get a token and print it.")
    .enablePositionalOptions() // as the program does
    .option("--client-id <id>", "The client id (default: CARNET_CLIENT_ID)")
    .option("--secret-stdin", "Read the secret as one line from standard input (default: CARNET_CLIENT_SECRET)")
    .option(
      "--scope <names>",
      "The scopes to request, separated by spaces; repeatable (default: all scopes of the client)",
      collect,
    )
    .addOption(
      new Option("--server-url <url>", "The service (default: CARNET_SERVER_URL)")
        .conflicts("region")
        .argParser(serverAddress),
    )
    .addOption(
      new Option("--region <name>", "The region of the service (default: CARNET_REGION)").choices(Object.keys(SERVERS)),
    )
    .option("--json", "Print the whole response as JSON");
  addTokenRevokeCommand(command);
  addTokenRevocationsCommand(command);
  command.action(async (options: TokenOptions) => {
    const token = await request(options);
    process.stdout.write(`${options.json ? JSON.stringify(wireNames(token), null, 2) : token.accessToken}\n`);
  });
}

async function request(options: TokenOptions): Promise<BearerToken> {
  const server = chooseServer(options);
  const clientId = options.clientId ?? process.env["CARNET_CLIENT_ID"];
  if (!clientId) throw new Failure("The client id is missing. Give --client-id or set CARNET_CLIENT_ID.");
  const clientSecret = options.secretStdin
    ? await readSecretFromInput("the client's secret")
    : process.env["CARNET_CLIENT_SECRET"];
  if (!clientSecret)
    throw new Failure("The client secret is missing. Set CARNET_CLIENT_SECRET, or pipe it in with --secret-stdin.");
  try {
    await using sdk = new SDK({ security: { clientId, clientSecret }, hooks: noticeHooks(clientId), ...server });
    return await sdk.iam.tokenRequest(options.scope === undefined ? {} : { scope: options.scope.join(" ") });
  } catch (error) {
    throw failureOf(error, adviceFor(error, clientSecret, options));
  }
}

/** Adds what the SDK cannot know: where the command got its values from. */
function adviceFor(error: unknown, clientSecret: string, { scope, serverUrl }: TokenOptions): string | undefined {
  if (!(error instanceof IamError))
    return connectAdvice(error, serverUrl === undefined ? "CARNET_SERVER_URL or CARNET_REGION" : "--server-url");
  const lines = [];
  if (isMistypedSecret(clientSecret))
    lines.push("The secret is mistyped or cut off, because its checksum does not match. Copy the whole secret again.");
  if (error.error === "invalid_client" && error.requestId !== undefined)
    lines.push(
      `The operator of a Carnet service finds the reason with \`carnet explain ${printable(error.requestId)}\`.`,
    );
  if (error.error === "invalid_scope" && scope?.some((names) => names.includes(",")))
    lines.push("Scopes are separated by spaces, not commas.");
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** There is no default server: credentials are sent only where the user says. */
function chooseServer({ serverUrl, region }: TokenOptions): ReturnType<typeof serverOptions> | { server: Region } {
  const url = serverUrl ?? (region === undefined ? process.env["CARNET_SERVER_URL"] : undefined);
  const problem = url ? addressProblem(url) : undefined;
  if (problem !== undefined) throw new Failure(`CARNET_SERVER_URL ${problem}.`); // The flag was checked before.
  if (url) return serverOptions(url);
  const name = region ?? process.env["CARNET_REGION"];
  if (!name)
    throw new Failure(
      "The service's address is missing. Give --server-url http://localhost:8080, or set CARNET_SERVER_URL or CARNET_REGION.",
    );
  const known = (Object.keys(SERVERS) as Region[]).find((candidate) => candidate === name);
  if (known === undefined) throw new Failure(`The region is unknown. Use one of ${Object.keys(SERVERS).join(", ")}.`);
  return { server: known };
}

const wireNames = (token: BearerToken) => ({
  access_token: token.accessToken,
  expires_in: token.expiresIn,
  scope: token.scope,
  token_type: token.tokenType,
});
