import { ConnectionError, IamError, SDK, SDKError } from "@carnet/sdk";
import type { Command } from "commander";
import { connectAdvice, failureOf, unavailableAdvice } from "../sdk-failure.ts";
import { noticeHooks } from "../sdk-notices.ts";
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
  try {
    const hooks = noticeHooks(clientId);
    const retryConfig = command.opts()["follow"] === true ? noRetries : fewRetries;
    await using sdk = new SDK({ serverURL, security: { clientId, clientSecret }, hooks, retryConfig });
    const api = new AdminApi(sdk.fetch);
    await explainRefusals(
      () => act(api, connection),
      flags,
      (refusal) => suggestName(refusal, api),
    );
  } catch (error) {
    throw failureOf(error, adviceFor(error, connection));
  }
}

/** A person waits. A service that asks for five seconds before a retry gets one retry. */
const fewRetries = { maxElapsedMs: 9000 };

/** A command that follows asks again by itself. */
const noRetries = { maxRetries: 0 };

/** Adds what the SDK cannot know: where the command got its values from. */
function adviceFor(error: unknown, { urlSource, credentialsSource }: ReadCredentials): string | undefined {
  if (error instanceof IamError && error.error === "invalid_client")
    return `The admin client and its secret come from ${credentialsSource}. On the service's machine, \`carnet admin reset\` creates new ones.`;
  if (error instanceof ConnectionError && error.mayHaveArrived)
    return "The change may or may not have been made. Check before you retry, for example with `carnet client list`.";
  if (error instanceof SDKError && error.status === 503) return unavailableAdvice;
  return connectAdvice(error, urlSource);
}
