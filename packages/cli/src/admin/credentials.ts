import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isLoopbackHost } from "@carnet/protocol/loopback";
import { quoted } from "@carnet/protocol/shell-word";
import { exposure, forbidden, otherOwner } from "@carnet/server/configuration/trusted-file";
import { codeOf, hasCode } from "@carnet/server/fault";
import type { Command } from "commander";
import { Failure } from "../failure.ts";
import { addressProblem, isThisMachine, serverAddress } from "../server-address.ts";

const flagUrl = "--server-url";
const variables = {
  url: "CARNET_SERVER_URL",
  clientId: "CARNET_ADMIN_CLIENT_ID",
  clientSecret: "CARNET_ADMIN_CLIENT_SECRET",
  file: "CARNET_ADMIN_FILE",
  dataDir: "CARNET_DATA_DIR",
} as const;

/** Adds the flags for the address of the service and the admin credentials. */
export const addConnectionOptions = (command: Command): Command =>
  command
    .option(
      `${flagUrl} <url>`,
      `The address of the service (default: ${variables.url}, or the one in the admin file)`,
      serverAddress,
    )
    .option(
      "--admin-client-id <id>",
      `The admin client (default: ${variables.clientId}, or the one in the admin file); its secret comes from ${variables.clientSecret}`,
    )
    .option(
      "--admin-file <path>",
      `The file with the admin credentials (default: ${variables.file}, or admin.json in ${variables.dataDir} or .carnet)`,
    );

/** The service's address and the admin credentials, and the source of each for error messages. */
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
 * The address and the credentials: flags override the environment, which overrides the admin file. An id and its secret
 * come from one source, and the file's secret is sent only to the file's address or to that of a flag. Throws a Failure.
 */
export function readConnection(flags: Flags, env: Environment): ReadCredentials {
  const url = flags.serverUrl ?? (env[variables.url] || undefined);
  const urlSource = flags.serverUrl === undefined ? variables.url : flagUrl;
  const own = ownCredentials(flags, env);
  if (own !== undefined) {
    if (url === undefined)
      throw new Failure(`No service address: give ${flagUrl} http://localhost:8080, or set ${variables.url}.`);
    refuseAddress(url, urlSource);
    return { serverURL: url, urlSource, ...own };
  }
  const named = flags.adminFile ?? (env[variables.file] || undefined);
  const path = named ?? join(env[variables.dataDir] || ".carnet", "admin.json");
  const file = readAdminFile(path);
  if (flags.serverUrl !== undefined) return { ...file, serverURL: flags.serverUrl, urlSource };
  // The folder may come from someone else, such as a checkout, so a file found there must not choose where we connect
  if (named === undefined && !isThisMachine(URL.parse(file.serverURL)?.hostname ?? "")) {
    throw new Failure(
      `The admin file ${path} names an address that is not on this machine: nothing was sent. If you trust the file, give --admin-file ${quoted(path)}; otherwise give the address with ${flagUrl}.`,
    );
  }
  refuseAddress(file.serverURL, `The server_url in ${file.credentialsSource}`);
  if (url === undefined) return { ...file, urlSource: file.credentialsSource };
  refuseAddress(url, urlSource);
  // The SDK reads the same variable, often for another service, which must not receive this one's admin secret
  if (!sameService(url, file.serverURL)) {
    throw new Failure(
      `${variables.url} and ${file.credentialsSource} name different addresses (the file is for ${file.serverURL}): nothing was sent. Unset the variable, or give ${flagUrl} if both are the same service.`,
    );
  }
  return { ...file, serverURL: url, urlSource };
}

function refuseAddress(url: string, what: string): void {
  const problem = addressProblem(url);
  if (problem !== undefined) throw new Failure(`${what} ${problem}. Nothing was sent.`);
}

function ownCredentials(flags: Flags, env: Environment) {
  const { adminClientId, adminFile } = flags;
  if (adminClientId !== undefined && adminFile !== undefined)
    throw new Failure("--admin-client-id and --admin-file cannot be combined. Give one of them.");
  if (adminFile !== undefined) return undefined;
  const clientId = adminClientId ?? (env[variables.clientId] || undefined);
  const clientSecret = env[variables.clientSecret] || undefined;
  if (clientId === undefined && clientSecret === undefined) return undefined;
  if (clientSecret === undefined)
    throw new Failure(`The secret of the admin client ${clientId} is missing. Set ${variables.clientSecret}.`);
  if (clientId === undefined)
    throw new Failure(`${variables.clientSecret} is set without a client id. Set ${variables.clientId} too.`);
  const credentialsSource = adminClientId === undefined ? "the environment" : "--admin-client-id and the environment";
  return { clientId, clientSecret, credentialsSource };
}

function readAdminFile(path: string): Omit<ReadCredentials, "urlSource"> {
  const restore = "Restore it, or write a new one with `carnet admin reset`.";
  const text = readText(path);
  let read: Readonly<Record<string, unknown>> | null;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Failure(`The admin file ${path} is not JSON. ${restore}`);
  }
  const member = (name: string): string => {
    const value = read?.[name];
    if (typeof value === "string" && value !== "") return value;
    throw new Failure(`The admin file ${path} has no ${name}. ${restore}`);
  };
  return {
    serverURL: member("server_url"),
    clientId: member("client_id"),
    clientSecret: member("client_secret"),
    credentialsSource: `the admin file ${path}`,
  };
}

function readText(path: string): string {
  try {
    return readOwnFile(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      hasCode(error, "ENOENT")
        ? `There are no admin credentials: the file ${path} does not exist. Run this in the folder where the service was started, name the file with --admin-file, or set ${variables.clientId} and ${variables.clientSecret}.`
        : `The admin file ${path} cannot be read${codeOf(error)}. Run this as its owner, or name another file with --admin-file.`,
    );
  }
}

/** Reads a file that only this user can have written. Checks the descriptor, so that it cannot be swapped. */
function readOwnFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // does not wait for the writer of a pipe
  try {
    const stat = fstatSync(file);
    if (!stat.isFile())
      throw new Failure(
        `The admin file ${path} is not a regular file: nothing was sent. Name another with --admin-file.`,
      );
    const owner = otherOwner(path, stat);
    if (owner !== undefined)
      throw new Failure(`${owner}: nothing was sent. Run this as that user, or name your own file with --admin-file.`);
    const folder = dirname(path);
    const exposed = exposure(path, stat, forbidden.write) ?? exposure(folder, statSync(folder), forbidden.write);
    if (exposed !== undefined) throw new Failure(`Nothing was sent. ${exposed}`);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Compares origins; all names of this machine count as the same. */
function sameService(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (a === null || b === null) return false;
  return (
    a.origin === b.origin || (a.port === b.port && a.protocol === b.protocol && isLoopback(one) && isLoopback(other))
  );
}

const isLoopback = (url: string): boolean => isLoopbackHost(URL.parse(url)?.hostname ?? "");
