import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { ConnectionError, IamError, RequestTimeoutError, SDK, SDKError } from "@carnet/sdk";
import type { Command } from "commander";
import { connectAdvice, failureOf, unavailableAdvice } from "../sdk-failure.ts";
import { noticeHooks } from "../sdk-notices.ts";
import { serverOptions } from "../server-address.ts";
import { AdminApi } from "./admin-api.ts";
import { type ReadCredentials, readConnection } from "./credentials.ts";
import { explainRefusals, type FlagNames } from "./refusals.ts";
import { suggestName } from "./suggestions.ts";

/**
 * Connects with the settings from the flags, the environment or the admin file, in this order, and runs `act`. A refusal
 * names the given flags.
 */
export async function withAdminApi(
  command: Command,
  act: (api: AdminApi, connection: ReadCredentials) => Promise<void>,
  flags?: FlagNames,
): Promise<void> {
  const connection = readConnection(command.opts(), process.env);
  const { serverURL, clientId, clientSecret } = connection;
  let api: AdminApi | undefined;
  try {
    const hooks = noticeHooks(clientId);
    const retryConfig = command.opts()["follow"] === true ? noRetries : fewRetries;
    await using sdk = new SDK({
      ...serverOptions(serverURL),
      security: { clientId, clientSecret },
      hooks,
      retryConfig,
    });
    const admin = new AdminApi(sdk.fetch);
    api = admin;
    await explainRefusals(
      () => act(admin, connection),
      flags,
      (refusal) => suggestName(refusal, admin),
    );
  } catch (error) {
    throw failureOf(error, adviceFor(error, connection, api?.isChanging === true));
  }
}

/** A person waits. A service that asks for five seconds before a retry gets one retry. */
const fewRetries = { maxElapsedMs: 9000 };

/** A command that follows asks again by itself. */
const noRetries = { maxRetries: 0 };

/** Adds what the SDK cannot know: where the command got its values from. */
function adviceFor(
  error: unknown,
  { urlSource, credentialsSource }: ReadCredentials,
  isChanging: boolean,
): string | undefined {
  if (error instanceof IamError && error.error === "invalid_client")
    return `The admin client and its secret come from ${credentialsSource}. On the service's machine, \`carnet admin reset\` creates new ones.`;
  if (isChanging && mayHaveReachedAdminApi(error))
    return "The change may or may not have been made. Check before you retry, for example with `carnet client list`.";
  if (error instanceof SDKError && error.status === 503) return unavailableAdvice;
  return connectAdvice(error, urlSource);
}

/** A request for the admin token changes nothing, so a broken connection leaves nothing open there. */
const mayHaveReachedAdminApi = (error: unknown): boolean =>
  (error instanceof ConnectionError || error instanceof RequestTimeoutError) &&
  error.mayHaveArrived &&
  new URL(error.url).pathname.includes(adminPath);
