import { invalid } from "../errors/invalid-request-error.ts";
import { environment } from "./environment.ts";

/** Workiva's servers by region. */
export const SERVERS = {
  us: "https://api.app.wdesk.com",
  eu: "https://api.eu.wdesk.com",
  apac: "https://api.apac.wdesk.com",
} as const;

/** The name of a region. */
export type Region = keyof typeof SERVERS;

/** The options that choose the server. */
export interface ServerChoice {
  /** A region (`us`, `eu`, `apac`) or a URL. */
  readonly server?: Region | (string & {}) | URL | undefined;
  /** The server's URL. It overrides `server`. */
  readonly serverURL?: string | URL | undefined;
  /** Allows plain `http:` to hosts other than loopback. Default: false. */
  readonly allowInsecureHTTP?: boolean | undefined;
}

/** The chosen server. */
export interface ChosenServer {
  /** The server's URL without a trailing slash. */
  readonly serverURL: string;
  /** False if it is only the default. */
  readonly isServerChosen: boolean;
}

/** The server from the options, else the environment, else the `us` region. */
export function chooseServer({ server, serverURL, allowInsecureHTTP }: ServerChoice): ChosenServer {
  const choices = {
    serverURL,
    server,
    CARNET_SERVER_URL: environment("CARNET_SERVER_URL") || undefined,
    CARNET_REGION: environment("CARNET_REGION") || undefined,
  };
  const [field = "", value = "us"] = Object.entries(choices).find(([, choice]) => choice !== undefined) ?? [];
  const known: Record<string, string | undefined> = SERVERS;
  const chosen = baseURL(field, known[String(value)] ?? String(value), allowInsecureHTTP);
  return { serverURL: chosen, isServerChosen: field !== "" };
}

/** Checks a server's URL and removes the query, the fragment and a trailing slash. */
export function baseURL(field: string, value: string | URL, allowInsecureHTTP: boolean | undefined): string {
  const url = checkURL(field, value, allowInsecureHTTP);
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** Checks an absolute URL. */
export function checkURL(field: string, value: string | URL, allowInsecureHTTP: boolean | undefined): URL {
  const url = parseURL(value);
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && (allowInsecureHTTP || LOOPBACK.test(url.hostname)));
  if (url && isSafe) return url;
  throw invalid(field, HINT);
}

const HINT = "must be us, eu, apac or an https: URL without a user; http: needs loopback or `allowInsecureHTTP`";
const LOOPBACK = /^(.+\.)?localhost$|^127\.[\d.]+$|^\[::1]$/;

/** Resolves `path` on a server. An absolute URL stays as it is; anything else is appended to the base. */
export function onServer(base: string, path: string): string {
  return /^[a-z][a-z\d+.-]*:/i.test(path) ? path : base + (/^[/?#]/.test(path) ? path : `/${path}`);
}

/** Parses a URL. Undefined if it is invalid or contains a user. */
export function parseURL(value: string | URL, base?: string): URL | undefined {
  try {
    const url = new URL(value, base);
    return url.username || url.password ? undefined : url;
  } catch {
    return undefined;
  }
}
