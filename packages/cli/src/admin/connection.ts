import { ConnectionError, IamError, InvalidRequestError, SDK } from "@carnet/sdk";
import type { Command } from "commander";
import { describeRefusal, Failure } from "../failure.ts";
import { AdminApi } from "./admin-api.ts";
import { type ReadCredentials, readConnection } from "./credentials.ts";
import { refuseWithFlags } from "./refusals.ts";

/** How the commands of administration reach the service. Apart from the commands, so that none can forget a phase. */

/** Connects as the flags, the environment and the admin file say, in this order, and acts. */
export async function withAdminApi(command: Command, act: (api: AdminApi) => Promise<void>): Promise<void> {
  const connection = readConnection(command.opts(), process.env);
  const { serverURL, clientId, clientSecret } = connection;
  try {
    await using sdk = new SDK({ serverURL, security: { clientId, clientSecret } });
    await refuseWithFlags({}, () => act(new AdminApi(sdk.fetch)));
  } catch (error) {
    const advice = adviceFor(error, connection);
    throw error instanceof Error && advice !== undefined ? new Failure(`${describeRefusal(error)}\n${advice}`) : error;
  }
}

/** What the SDK cannot know: where the command got the values from. */
function adviceFor(error: unknown, { urlSource, credentialsSource }: ReadCredentials): string | undefined {
  if (error instanceof IamError && error.error === "invalid_client")
    return `The admin client and its secret are those of ${credentialsSource}. On the service's machine, \`carnet admin reset\` makes new ones.`;
  if (error instanceof ConnectionError && !error.mayHaveArrived)
    return `Check that the service runs (\`carnet dev\` or \`carnet serve\`), and that its address is that of ${urlSource}.`;
  if (error instanceof ConnectionError)
    return "It may have been done or not: look before you do it again, for example with `carnet client list`.";
  if (error instanceof InvalidRequestError && error.field === "serverURL")
    return `The address is that of ${urlSource}.`;
  return undefined;
}
