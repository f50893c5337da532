import { InvalidRequestError } from "../errors/invalid-request-error.ts";
import { environment } from "./environment.ts";

/** Workiva's servers by region. */
export const SERVERS = {
  us: "https://api.app.wdesk.com",
  eu: "https://api.eu.wdesk.com",
  apac: "https://api.apac.wdesk.com",
} as const;

/** A region's name. */
export type Region = keyof typeof SERVERS;

/** What may name the server; the first that is given counts. */
export interface ServerChoice {
  readonly server?: Region | (string & {}) | URL | undefined;
  readonly serverURL?: string | URL | undefined;
  readonly allowInsecureHTTP?: boolean | undefined;
}

/** The server's address without a trailing slash, from the options, else the environment, else the `us` region. */
export function chooseServer(choice: ServerChoice): string {
  const { server, serverURL, allowInsecureHTTP = false } = choice;
  if (server !== undefined && serverURL !== undefined) {
    throw new InvalidRequestError("`server` and `serverURL` are both given: leave one out.", { field: "server" });
  }
  if (serverURL !== undefined) return baseURL("serverURL", serverURL, allowInsecureHTTP);
  if (server !== undefined) return fromRegion("server", server, allowInsecureHTTP);
  const fromURL = environment("CARNET_SERVER_URL");
  if (fromURL) return baseURL("CARNET_SERVER_URL", fromURL, allowInsecureHTTP);
  return fromRegion("CARNET_REGION", environment("CARNET_REGION") || "us", allowInsecureHTTP);
}

/** A server's address, checked, without query, fragment and trailing slash. */
export function baseURL(field: string, value: string | URL, allowInsecureHTTP: boolean): string {
  const url = checkURL(field, value, allowInsecureHTTP);
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** Checks an absolute address. */
export function checkURL(field: string, value: string | URL, allowInsecureHTTP: boolean): URL {
  const url = parseURL(value);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidRequestError(`${field} must be an absolute https: URL.`, { field });
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidRequestError(`${field} holds a user or a password: give credentials in \`security\`.`, { field });
  }
  if (url.protocol === "http:" && !allowInsecureHTTP && !isLoopback(url.hostname)) {
    const advice = "Use https:, or set `allowInsecureHTTP: true` if the network between is trusted.";
    throw new InvalidRequestError(`${field} is plain http:, which shows the credentials on the way. ${advice}`, {
      field,
    });
  }
  return url;
}

/** The address of `path` on a server: absolute as it is, anything else appended to the base. */
export function onServer(base: string, path: string): string {
  if (/^[a-z][a-z\d+.-]*:/i.test(path)) return path;
  return path.startsWith("/") || path === "" ? base + path : /^[?#]/.test(path) ? base + path : `${base}/${path}`;
}

/** Parses an absolute URL without throwing. */
export function parseURL(value: string | URL): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}

function fromRegion(field: string, server: string | URL, allowInsecureHTTP: boolean): string {
  if (typeof server === "string" && Object.hasOwn(SERVERS, server)) return SERVERS[server as Region];
  if (parseURL(server) === undefined) {
    const accepted = `${Object.keys(SERVERS).join(", ")} or an absolute https: URL`;
    throw new InvalidRequestError(`${field} names no known region: it must be ${accepted}.`, { field });
  }
  return baseURL(field, server, allowInsecureHTTP);
}

function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname);
}
