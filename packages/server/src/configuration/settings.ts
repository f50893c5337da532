import { isIP } from "node:net";
import { parseCidr } from "@carnet/core/client/cidr";
import { defaultSunset } from "@carnet/protocol/deprecation";
import { type DurationUnit, durationRange, parseDuration } from "@carnet/protocol/duration";
import { parseInstant } from "@carnet/protocol/instant";
import { isLoopbackHost } from "@carnet/protocol/loopback";
import { err, ok, type Result } from "@carnet/protocol/result";
import { logLevels } from "../log/logger.ts";

/** A setting of the service. The reference page is generated from the rows below. */
export interface Setting<Value> {
  readonly environment: string;
  /** In commander's syntax; undefined for a secret, because other users of the machine can see flags. */
  readonly flag: string | undefined;
  readonly description: string;
  /** The accepted values, as a phrase after "Accepted: ". */
  readonly accepts: string;
  /** The default, in words. */
  readonly otherwise: string;
  readonly secret?: true;
  parse(text: string): Result<Value, undefined>;
}

const setting = <Value>(row: Setting<Value>): Setting<Value> => row;
const bad = err(undefined);

export const settings = {
  host: setting({
    environment: "CARNET_HOST",
    flag: "--host <address>",
    description: "The address to listen on. `localhost` means 127.0.0.1 and ::1.",
    accepts: "an IP address or a host name of this machine",
    otherwise: "`localhost` for `carnet dev`, 0.0.0.0 for `carnet serve`",
    // RFC 4343 §3: names are compared without case, and `localhost` is compared with this one
    parse: (text) => (isIP(text) !== 0 || /^[0-9A-Za-z._-]+$/.test(text) ? ok(text.toLowerCase()) : bad),
  }),
  port: setting({
    environment: "CARNET_PORT",
    flag: "--port <number>",
    description: "The TCP port to listen on.",
    accepts: "a whole number from 1 to 65535",
    otherwise: "8080",
    parse: (text) => wholeNumber(text, 1, 65_535),
  }),
  issuer: setting({
    environment: "CARNET_ISSUER",
    flag: "--issuer <url>",
    description: "The issuer: the `iss` of each token, and the address at which callers reach this service.",
    accepts: "an https URL without path, query or fragment (http only for localhost and loopback addresses)",
    otherwise:
      "`http://localhost:PORT` for `carnet dev`, or with the loopback host that it listens on; required for `carnet serve`",
    parse: parseIssuer,
  }),
  audience: setting({
    environment: "CARNET_AUDIENCE",
    flag: "--audience <uri>",
    description: "The `aud` of each token: the identifier of the APIs that accept the tokens.",
    accepts: "1 to 255 printable ASCII characters without spaces",
    otherwise: "the issuer",
    parse: (text) => (/^[\x21-\x7e]{1,255}$/.test(text) ? ok(text) : bad),
  }),
  dataDir: setting({
    environment: "CARNET_DATA_DIR",
    flag: "--data-dir <path>",
    description: "The folder for Carnet's own files. Created with mode 0700.",
    accepts: "the path of a folder",
    otherwise: "`.carnet`",
    parse: parsePath,
  }),
  store: setting({
    environment: "CARNET_STORE",
    flag: "--store <url>",
    description: "The database of clients and keys.",
    accepts: "sqlite:PATH (PostgreSQL is not supported by this version)",
    otherwise: "`sqlite:` and `carnet.db` in the data folder",
    parse: (text) =>
      /^sqlite:(?!\/\/)[^\p{Cc}]+$/u.test(text) ? ok({ kind: "sqlite" as const, path: text.slice(7) }) : bad,
  }),
  storeTimeout: setting({
    environment: "CARNET_STORE_TIMEOUT",
    flag: "--store-timeout <duration>",
    description: "How long to wait for the store while another process writes to it.",
    ...duration(0, 60_000, "ms"),
    otherwise: "5s",
  }),
  masterKey: setting({
    environment: "CARNET_MASTER_KEY",
    flag: undefined,
    description: "The key that encrypts the secrets in the store.",
    accepts: "32 bytes in base64",
    otherwise: "read from the master key file",
    secret: true,
    parse: parseMasterKey,
  }),
  masterKeyFile: setting({
    environment: "CARNET_MASTER_KEY_FILE",
    flag: "--master-key-file <path>",
    description: "The file that contains the master key.",
    accepts: "the path of a file with 32 bytes in base64",
    otherwise: "`master.key` in the data folder, created by the first start with mode 0600",
    parse: parsePath,
  }),
  adminFile: setting({
    environment: "CARNET_ADMIN_FILE",
    flag: "--admin-file <path>",
    description: "The file to which the service writes the credentials of the first admin client.",
    accepts: "the path of a file",
    otherwise: "`admin.json` in the data folder",
    parse: parsePath,
  }),
  accessTokenTtl: setting({
    environment: "CARNET_ACCESS_TOKEN_TTL",
    flag: "--access-token-ttl <duration>",
    description: "The lifetime of tokens, unless a client has its own.",
    ...duration(1, 86_400, "s"),
    otherwise: "10m",
  }),
  scopeCatalogue: setting({
    environment: "CARNET_SCOPE_CATALOGUE",
    flag: "--scope-catalogue <mode>",
    description: "Whether clients can have scopes that are not in the catalogue.",
    accepts: "closed, open",
    otherwise: "closed",
    parse: (text) => (text === "open" || text === "closed" ? ok(text) : bad),
  }),
  sunsetAt: setting({
    environment: "CARNET_SUNSET_AT",
    flag: "--sunset-at <time>",
    description: "When the deprecated path `/iam/v1/oauth2/token` starts to answer 410.",
    accepts: "a time like 2029-01-31T00:00:00Z",
    otherwise: `\`${new Date(defaultSunset).toISOString().replace(".000", "")}\``,
    parse: (text) => {
      const instant = text.includes("T") ? parseInstant(text) : undefined;
      return instant === undefined ? bad : ok(instant);
    },
  }),
  drainTimeout: setting({
    environment: "CARNET_DRAIN_TIMEOUT",
    flag: "--drain-timeout <duration>",
    description: "How long requests in progress may take to finish after SIGTERM.",
    ...duration(0, 600_000, "ms"),
    otherwise: "9s, because many service managers send SIGKILL after ten seconds",
  }),
  trustedProxies: setting({
    environment: "CARNET_TRUSTED_PROXIES",
    flag: "--trusted-proxies <blocks>",
    description: "The proxies whose `X-Forwarded-For` is trusted, for `ip_allowlist` and the log.",
    accepts: "address blocks like 10.0.0.0/8, separated by commas",
    otherwise: "none",
    parse: parseBlocks,
  }),
  logLevel: setting({
    environment: "CARNET_LOG_LEVEL",
    flag: "--log-level <level>",
    description: "The lowest level of diagnostic messages to log. Records of tokens and refusals are always written.",
    accepts: logLevels.join(", "),
    otherwise: "info",
    parse: (text) => {
      const level = logLevels.find((candidate) => candidate === text);
      return level === undefined ? bad : ok(level);
    },
  }),
} as const;

export type SettingName = keyof typeof settings;

export type SettingValues = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value> ? Value : never;
};

/** Variables with the same prefix that other parts of Carnet read. The service ignores them. */
export const foreignEnvironment: ReadonlySet<string> = new Set([
  "CARNET_CONFIG",
  "CARNET_CLIENT_ID",
  "CARNET_CLIENT_SECRET",
  "CARNET_CLIENT_SECRET_FILE",
  "CARNET_SERVER_URL",
  "CARNET_REGION",
  "CARNET_ADMIN_CLIENT_ID",
  "CARNET_ADMIN_CLIENT_SECRET",
]);

function parsePath(text: string): Result<string, undefined> {
  return text === "" ? bad : ok(text);
}

function wholeNumber(text: string, min: number, max: number): Result<number, undefined> {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? ok(number) : bad;
}

/** How a setting in the given unit accepts time spans. */
function duration(min: number, max: number, unit: DurationUnit): Pick<Setting<number>, "accepts" | "parse"> {
  const parse = (text: string): Result<number, undefined> => {
    const value = parseDuration(text, unit);
    return value !== undefined && value >= min && value <= max ? ok(value) : bad;
  };
  return { accepts: durationRange(min, max, unit), parse };
}

function parseIssuer(text: string): Result<string, undefined> {
  const url = URL.parse(text);
  // RFC 8414 §2: a URL that uses https and has no query or fragment
  if (url === null || url.username !== "" || url.password !== "" || !(text === url.origin || text === `${url.origin}/`))
    return bad;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname)) ? ok(url.origin) : bad;
}

function parseBlocks(text: string): Result<readonly string[], undefined> {
  const blocks = text.split(",").map((block) => parseCidr(block.trim()));
  return blocks.every((block) => block.ok) ? ok(blocks.map((block) => block.value.text)) : bad;
}

/** 32 bytes in base64 or base64url, with or without padding; surrounding white space is ignored. */
export function parseMasterKey(text: string): Result<Uint8Array, undefined> {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return bad;
  const bytes = Buffer.from(trimmed, "base64");
  return bytes.length === 32 ? ok(bytes) : bad;
}
