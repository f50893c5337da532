import { isIP } from "node:net";
import { label } from "@carnet/core/client/fields";
import { defaultSunset } from "@carnet/protocol/deprecation";
import { parseInstant } from "@carnet/protocol/instant";
import { ok, type Result } from "@carnet/protocol/result";
import { logLevels } from "../log/logger.ts";
import {
  bad,
  byteSize,
  duration,
  parseBlocks,
  parseIssuer,
  parseMasterKey,
  parsePath,
  parseWebhookSecret,
  parseWebhookUrl,
  wholeNumber,
} from "./setting-values.ts";

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
  contact: setting({
    environment: "CARNET_CONTACT",
    flag: "--contact <text>",
    description: "Whom an admin should ask for a role or a policy, as refusals of the admin API name it.",
    accepts: "1 to 255 characters on one line, such as a mail address or a channel",
    otherwise: "a platform admin",
    parse: (text) => {
      const read = label(text);
      return read.ok ? read : bad;
    },
  }),
  node: setting({
    environment: "CARNET_NODE",
    flag: "--node <name>",
    description: "The name of this node in events. Set it where the host name changes with each start.",
    accepts: "1 to 63 characters from A-Z, a-z, 0-9, . _ and -",
    otherwise: "the host name",
    parse: (text) => (/^[A-Za-z0-9._-]{1,63}$/.test(text) ? ok(text) : bad),
  }),
  journal: setting({
    environment: "CARNET_JOURNAL",
    flag: "--journal <place>",
    description: "Where events are recorded: a folder of this process's files, or `stdout`, among the log lines.",
    accepts: "the path of a folder, or stdout",
    otherwise: "`journal` beside the store",
    parse: parsePath,
  }),
  journalSync: setting<"second" | "strict">({
    environment: "CARNET_JOURNAL_SYNC",
    flag: "--journal-sync <mode>",
    description:
      "When records reach the disk. `second`: every second, so a power loss can lose the last second. `strict`: before the answer.",
    accepts: "second, strict",
    otherwise: "second",
    parse: (text) => (text === "second" || text === "strict" ? ok(text) : bad),
  }),
  journalFull: setting<"refuse" | "continue">({
    environment: "CARNET_JOURNAL_FULL",
    flag: "--journal-full <action>",
    description:
      "What to do while the journal cannot be written, such as on a full disk. `refuse`: answer 503. `continue`: go on, and count the events that are lost.",
    accepts: "refuse, continue",
    otherwise: "refuse",
    parse: (text) => (text === "refuse" || text === "continue" ? ok(text) : bad),
  }),
  journalFileSize: setting({
    environment: "CARNET_JOURNAL_FILE_SIZE",
    flag: "--journal-file-size <size>",
    description: "The size at which a file of the journal is rotated, besides every day.",
    ...byteSize(1024 * 1024, 4 * 1024 ** 3),
    otherwise: "64MiB",
  }),
  journalMaxSize: setting({
    environment: "CARNET_JOURNAL_MAX_SIZE",
    flag: "--journal-max-size <size>",
    description: "The size of the journal folder at which its oldest files are deleted.",
    ...byteSize(16 * 1024 * 1024, 1024 ** 5),
    otherwise: "10GiB",
  }),
  auditMaxAge: setting({
    environment: "CARNET_AUDIT_MAX_AGE",
    flag: "--audit-max-age <duration>",
    description: "How long the files of the journal, and the events of changes in the store, are kept.",
    ...duration(1, 3660, "d"),
    otherwise: "400d",
  }),
  refusalsMaxRows: setting({
    environment: "CARNET_REFUSALS_MAX_ROWS",
    flag: "--refusals-max-rows <number>",
    description: "How many recent refusals the store keeps.",
    accepts: "a whole number from 1000 to 10000000",
    otherwise: "100000",
    parse: (text) => wholeNumber(text, 1000, 10_000_000),
  }),
  refusalsMaxAge: setting({
    environment: "CARNET_REFUSALS_MAX_AGE",
    flag: "--refusals-max-age <duration>",
    description: "How long the store keeps recent refusals.",
    ...duration(1, 365, "d"),
    otherwise: "7d",
  }),
  webhookUrl: setting({
    environment: "CARNET_WEBHOOK_URL",
    flag: undefined,
    description: "Where changes, coming expiries and bursts of refusals are sent.",
    accepts: "an https URL (http only for localhost and loopback addresses)",
    otherwise: "none",
    secret: true, // chat services put a secret into the path
    parse: parseWebhookUrl,
  }),
  webhookSecret: setting({
    environment: "CARNET_WEBHOOK_SECRET",
    flag: undefined,
    description: "The key that signs webhooks, in the form of Standard Webhooks. Required with a webhook URL.",
    accepts: "`whsec_` and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` prints",
    otherwise: "none",
    secret: true,
    parse: parseWebhookSecret,
  }),
  accessTokenTtl: setting({
    environment: "CARNET_ACCESS_TOKEN_TTL",
    flag: "--access-token-ttl <duration>",
    description: "The lifetime of tokens, unless a client has its own.",
    ...duration(1, 86_400, "s"),
    otherwise: "10m",
  }),
  revocationFeed: setting<"public" | "token">({
    environment: "CARNET_REVOCATION_FEED",
    flag: "--revocation-feed <access>",
    description:
      "Who may read the revocation feed: everyone, or only callers that send an access token with the scope `carnet:introspect` or `carnet:introspect:all`.",
    accepts: "public, token",
    otherwise: "public",
    parse: (text) => (text === "public" || text === "token" ? ok(text) : bad),
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
    description:
      "The proxies whose `X-Forwarded-For` is trusted, for `ip_allowlist` and the addresses of audit events.",
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
