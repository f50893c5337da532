import { existsSync, readFileSync } from "node:fs";
import { SDK } from "@carnet/sdk";
import type { Command } from "commander";
import { Failure } from "../failure.ts";
import { AdminApi } from "./admin-api.ts";

/** How the commands of administration find the service and who they are to it. */
const bootstrapFile = ".carnet/admin.json";

/** Adds the flags that say where the service is and which file holds the admin credentials. */
export const addConnectionOptions = (command: Command): Command =>
  command
    .option("--server-url <url>", "The service (default: CARNET_SERVER_URL, or that of the admin file)")
    .option(
      "--admin-client-id <id>",
      "The admin client (default: CARNET_ADMIN_CLIENT_ID, or that of the admin file); its secret comes from CARNET_ADMIN_CLIENT_SECRET",
    )
    .option(
      "--admin-file <path>",
      `The file with the admin credentials (default: CARNET_ADMIN_FILE, or ${bootstrapFile} as the service makes it)`,
    );

/** Connects as the flags, the environment and the admin file say, in this order, and acts. */
export async function withAdminApi(command: Command, act: (api: AdminApi) => Promise<void>): Promise<void> {
  const { serverURL, clientId, clientSecret } = readConnection(command.opts());
  await using sdk = new SDK({ serverURL, security: { clientId, clientSecret } });
  await act(new AdminApi(sdk.fetch));
}

interface Connection {
  readonly serverURL: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

function readConnection(flags: {
  readonly serverUrl?: string;
  readonly adminClientId?: string;
  readonly adminFile?: string;
}): Connection {
  const { env } = process;
  const clientId = flags.adminClientId ?? env["CARNET_ADMIN_CLIENT_ID"];
  const clientSecret = env["CARNET_ADMIN_CLIENT_SECRET"];
  const path = flags.adminFile ?? env["CARNET_ADMIN_FILE"];
  const file =
    clientId !== undefined && clientSecret !== undefined && path === undefined ? undefined : readAdminFile(path);
  const serverURL = flags.serverUrl ?? env["CARNET_SERVER_URL"] ?? file?.serverURL;
  if (serverURL === undefined)
    throw new Failure("There is no service to ask: give --server-url, or set CARNET_SERVER_URL.");
  return {
    serverURL,
    clientId: clientId ?? file?.clientId ?? "",
    clientSecret: clientSecret ?? file?.clientSecret ?? "",
  };
}

function readAdminFile(given: string | undefined): Connection {
  const path = given ?? bootstrapFile;
  if (!existsSync(path)) {
    throw new Failure(
      `There are no admin credentials: the file ${path} is not there. Run this where the service keeps its store, name the file with --admin-file, ` +
        "or set CARNET_ADMIN_CLIENT_ID and CARNET_ADMIN_CLIENT_SECRET.",
    );
  }
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new Failure(`The admin file ${path} cannot be read as JSON: put it back as the service made it.`);
  }
  const member = (name: string): string => {
    const value = typeof read === "object" && read !== null ? Reflect.get(read, name) : undefined;
    if (typeof value !== "string")
      throw new Failure(`The admin file ${path} has no ${name}: put it back as the service made it.`);
    return value;
  };
  return { serverURL: member("server_url"), clientId: member("client_id"), clientSecret: member("client_secret") };
}
