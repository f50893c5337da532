import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { Failure } from "../failure.ts";

/** The file that the service writes, where `carnet dev` has it. */
const bootstrapFile = ".carnet/admin.json";

const flagUrl = "--server-url";
const variables = {
  url: "CARNET_SERVER_URL",
  clientId: "CARNET_ADMIN_CLIENT_ID",
  clientSecret: "CARNET_ADMIN_CLIENT_SECRET",
  file: "CARNET_ADMIN_FILE",
} as const;

/** Adds the flags that say where the service is and which file holds the admin credentials. */
export const addConnectionOptions = (command: Command): Command =>
  command
    .option(`${flagUrl} <url>`, `The service (default: ${variables.url}, or that of the admin file)`)
    .option(
      "--admin-client-id <id>",
      `The admin client (default: ${variables.clientId}, or that of the admin file); its secret comes from ${variables.clientSecret}`,
    )
    .option(
      "--admin-file <path>",
      `The file with the admin credentials (default: ${variables.file}, or ${bootstrapFile} as the service makes it)`,
    );

/** Where to ask and as whom, and where each was read, for what goes wrong. */
export interface ReadCredentials {
  readonly serverURL: string;
  readonly urlSource: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly credentialsSource: string;
}

interface Flags {
  readonly serverUrl?: string;
  readonly adminClientId?: string;
  readonly adminFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The address and the credentials: from flags before the environment before the admin file. An id and its secret come
 * from one place, and those of a file go nowhere that the file does not name unless a flag says so. Throws a Failure.
 */
export function readConnection(flags: Flags, env: Environment): ReadCredentials {
  const own = ownCredentials(flags, env);
  const file = own === undefined ? readAdminFile(flags.adminFile ?? (env[variables.file] || bootstrapFile)) : undefined;
  const credentials = own ?? file;
  if (credentials === undefined) throw new Error("there are credentials or the reading has thrown");
  const { clientId, clientSecret, credentialsSource } = credentials;
  const url = flags.serverUrl ?? (env[variables.url] || undefined);
  const urlSource = flags.serverUrl === undefined ? variables.url : flagUrl;
  if (file === undefined) {
    if (url === undefined)
      throw new Failure(`There is no service to ask: give ${flagUrl} http://localhost:8080, or set ${variables.url}.`);
    return { serverURL: url, urlSource, clientId, clientSecret, credentialsSource };
  }
  if (url === undefined) return { ...file, urlSource: credentialsSource };
  // The SDK's callers set the same variable, often to another service: that must not be sent this one's admin secret
  if (flags.serverUrl === undefined && !sameService(url, file.serverURL)) {
    throw new Failure(
      `${variables.url} names another address than ${credentialsSource}, which is for ${file.serverURL}: nothing was sent. Unset it, or give ${flagUrl} if both are the same service.`,
    );
  }
  return { ...file, serverURL: url, urlSource };
}

function ownCredentials(flags: Flags, env: Environment) {
  const { adminClientId, adminFile } = flags;
  if (adminClientId !== undefined && adminFile !== undefined)
    throw new Failure("--admin-client-id and --admin-file both say who you are: give one.");
  if (adminFile !== undefined) return undefined;
  const clientId = adminClientId ?? (env[variables.clientId] || undefined);
  const clientSecret = env[variables.clientSecret] || undefined;
  if (clientId === undefined && clientSecret === undefined) return undefined;
  if (clientSecret === undefined)
    throw new Failure(`There is no secret for the admin client ${clientId}: set ${variables.clientSecret}.`);
  if (clientId === undefined)
    throw new Failure(`${variables.clientSecret} is set, but not whose it is: set ${variables.clientId} too.`);
  const credentialsSource = adminClientId === undefined ? "the environment" : "--admin-client-id and the environment";
  return { clientId, clientSecret, credentialsSource };
}

function readAdminFile(path: string): Omit<ReadCredentials, "urlSource"> {
  const read = parseAdminFile(path);
  const member = (name: string): string => {
    const value = typeof read === "object" && read !== null ? Reflect.get(read, name) : undefined;
    if (typeof value === "string" && value !== "") return value;
    throw new Failure(
      `The admin file ${path} has no ${name}: put it back, or make it anew with \`carnet admin reset\`.`,
    );
  };
  return {
    serverURL: member("server_url"),
    clientId: member("client_id"),
    clientSecret: member("client_secret"),
    credentialsSource: `the admin file ${path}`,
  };
}

function parseAdminFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") {
      throw new Failure(
        `There are no admin credentials: the file ${path} is not there. Run this where the service keeps its store, name the file with --admin-file, ` +
          `or set ${variables.clientId} and ${variables.clientSecret}.`,
      );
    }
    throw new Failure(
      `The admin file ${path} cannot be read${code === undefined ? "" : ` (${code})`}: it is its owner's alone.`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(`The admin file ${path} is not JSON: put it back, or make it anew with \`carnet admin reset\`.`);
  }
}

/** The same origin; this machine has more than one name. */
function sameService(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => (URL.canParse(url) ? new URL(url) : undefined));
  if (a === undefined || b === undefined) return false;
  return a.origin === b.origin || (a.port === b.port && a.protocol === b.protocol && isLoopback(a) && isLoopback(b));
}

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127\.[\d.]+|\[::1])$/.test(hostname);
