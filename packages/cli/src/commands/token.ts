import { isMistypedSecret } from "@carnet/protocol/client-secret";
import {
  type BearerToken,
  ConnectionError,
  IamError,
  InvalidRequestError,
  type Region,
  SDK,
  SERVERS,
} from "@carnet/sdk";
import { type Command, Option } from "commander";
import { describeRefusal, Failure } from "../failure.ts";
import { collect } from "../option-values.ts";
import { readSecretFromInput } from "../secret-input.ts";

interface TokenOptions {
  readonly clientId?: string;
  readonly secretStdin?: boolean;
  readonly scope?: readonly string[];
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
    .option(
      "--scope <names>",
      "The scopes to ask for, separated by spaces; can be given again (default: all that the client has)",
      collect,
    )
    .addOption(new Option("--server-url <url>", "The service (default: CARNET_SERVER_URL)").conflicts("region"))
    .addOption(
      new Option("--region <name>", "The service of a region (default: CARNET_REGION)").choices(Object.keys(SERVERS)),
    )
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
  try {
    await using sdk = new SDK({ security: { clientId, clientSecret }, ...server });
    return await sdk.iam.tokenRequest(options.scope === undefined ? {} : { scope: options.scope.join(" ") });
  } catch (error) {
    const advice = adviceFor(error, clientSecret);
    throw error instanceof Error && advice !== undefined ? new Failure(`${describeRefusal(error)}\n${advice}`) : error;
  }
}

/** What the SDK cannot know: where its caller got the values from. */
function adviceFor(error: unknown, clientSecret: string): string | undefined {
  if (error instanceof IamError && isMistypedSecret(clientSecret))
    return "The secret was mistyped or cut short: its checksum does not fit. Copy it again, whole.";
  if (error instanceof ConnectionError && !error.mayHaveArrived)
    return "Check that the service runs, and that --server-url or CARNET_SERVER_URL is its address.";
  if (error instanceof InvalidRequestError && error.field === "serverURL")
    return "The address is that of --server-url or CARNET_SERVER_URL.";
  return undefined;
}

/** Nowhere by default: credentials go only where somebody said. */
function chooseServer({ serverUrl, region }: TokenOptions): { serverURL: string } | { server: Region } {
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
