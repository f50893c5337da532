import { isMistypedSecret } from "@carnet/protocol/client-secret";
import { type BearerToken, IamError, type Region, SDK, SERVERS } from "@carnet/sdk";
import type { Command } from "commander";
import { Failure } from "../failure.ts";
import { readSecretFromInput } from "../secret-input.ts";

interface TokenOptions {
  readonly clientId?: string;
  readonly secretStdin?: boolean;
  readonly scope?: string;
  readonly serverUrl?: string;
  readonly region?: string;
  readonly json?: boolean;
}

/** `carnet token`: asks a service for a token, and prints it alone, so that a script can take it. */
export function addTokenCommand(program: Command): void {
  program
    .command("token")
    .description("Get a token and print it.")
    .option("--client-id <id>", "The client id (default: CARNET_CLIENT_ID)")
    .option("--secret-stdin", "Read the secret as one line from standard input (default: CARNET_CLIENT_SECRET)")
    .option("--scope <names>", "The scopes to ask for, separated by spaces (default: all that the client has)")
    .option("--server-url <url>", "The service (default: CARNET_SERVER_URL)")
    .option("--region <name>", `The service of a region: ${Object.keys(SERVERS).join(", ")} (default: CARNET_REGION)`)
    .option("--json", "Print the whole answer as JSON")
    .action(async (options: TokenOptions) => {
      const token = await request(options);
      process.stdout.write(`${options.json ? JSON.stringify(wireNames(token), null, 2) : token.accessToken}\n`);
    });
}

async function request(options: TokenOptions): Promise<BearerToken> {
  const server = chooseServer(options);
  const clientId = options.clientId ?? process.env["CARNET_CLIENT_ID"];
  if (!clientId) throw new Failure("There is no client id: give --client-id or set CARNET_CLIENT_ID.");
  const clientSecret = options.secretStdin
    ? await readSecretFromInput("the client's secret")
    : process.env["CARNET_CLIENT_SECRET"];
  if (!clientSecret)
    throw new Failure("There is no client secret: set CARNET_CLIENT_SECRET, or pipe it in with --secret-stdin.");
  await using sdk = new SDK({ security: { clientId, clientSecret }, ...server });
  try {
    return await sdk.iam.tokenRequest(options.scope === undefined ? {} : { scope: options.scope });
  } catch (error) {
    if (!(error instanceof IamError && isMistypedSecret(clientSecret))) throw error;
    throw new Failure(
      `${error.message}\nThe secret was mistyped or cut short: its checksum does not fit. Copy it again, whole.`,
    );
  }
}

/** Nowhere by default: credentials go only where somebody said. */
function chooseServer({ serverUrl, region }: TokenOptions): { serverURL: string } | { server: Region } {
  if (serverUrl !== undefined && region !== undefined)
    throw new Failure("--server-url and --region both say where: give one.");
  const url = serverUrl ?? (region === undefined ? process.env["CARNET_SERVER_URL"] : undefined);
  if (url) return { serverURL: url };
  const name = region ?? process.env["CARNET_REGION"];
  if (!name)
    throw new Failure(
      "There is no service to ask: give --server-url http://localhost:8080, or set CARNET_SERVER_URL or CARNET_REGION.",
    );
  const known = (Object.keys(SERVERS) as Region[]).find((candidate) => candidate === name);
  if (known === undefined) throw new Failure(`There is no such region: use one of ${Object.keys(SERVERS).join(", ")}.`);
  return { server: known };
}

const wireNames = (token: BearerToken) => ({
  access_token: token.accessToken,
  expires_in: token.expiresIn,
  scope: token.scope,
  token_type: token.tokenType,
});
