import { invalid } from "../errors/invalid-request-error.ts";
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
export function chooseServer({ server, serverURL, allowInsecureHTTP }: ServerChoice): string {
  const choices = {
    serverURL,
    server,
    CARNET_SERVER_URL: environment("CARNET_SERVER_URL") || undefined,
    CARNET_REGION: environment("CARNET_REGION") || "us",
  };
  const [field = "", value] = Object.entries(choices).find(([, choice]) => choice !== undefined) ?? [];
  const known: Record<string, string | undefined> = SERVERS;
  return baseURL(field, known[String(value)] ?? String(value), allowInsecureHTTP);
}

/** A server's address, checked, without query, fragment and trailing slash. */
export function baseURL(field: string, value: string | URL, allowInsecureHTTP: boolean | undefined): string {
  const url = checkURL(field, value, allowInsecureHTTP);
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** Checks an absolute address. */
export function checkURL(field: string, value: string | URL, allowInsecureHTTP: boolean | undefined): URL {
  const url = parseURL(value);
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && (allowInsecureHTTP || LOOPBACK.test(url.hostname)));
  if (url && isSafe) return url;
  throw invalid(field, HINT);
}

const HINT = "must be us, eu, apac or https: without user; http: needs loopback or `allowInsecureHTTP`";
const LOOPBACK = /^(.+\.)?localhost$|^127\.[\d.]+$|^\[::1]$/;

/** The address of `path` on a server: absolute as it is, anything else appended to the base. */
export function onServer(base: string, path: string): string {
  return /^[a-z][a-z\d+.-]*:/i.test(path) ? path : base + (/^[/?#]/.test(path) ? path : `/${path}`);
}

/** Parses a URL; undefined for what is none, or holds a user. */
export function parseURL(value: string | URL, base?: string): URL | undefined {
  try {
    const url = new URL(value, base);
    return url.username || url.password ? undefined : url;
  } catch {
    return undefined;
  }
}
