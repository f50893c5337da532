import { createSecretKey, type KeyObject } from "node:crypto";
import { createRequire } from "node:module";
import { isIPv6 } from "node:net";
import { hostname } from "node:os";
import { extname, join } from "node:path";
import { defaultSunset } from "@carnet/protocol/deprecation";
import { didYouMean } from "@carnet/protocol/did-you-mean";
import { isLoopbackHost } from "@carnet/protocol/loopback";
import type { Redacted } from "@carnet/protocol/redacted";
import { codeOf, OperatorFault } from "../fault.ts";
import type { Setting } from "./setting.ts";
import type { StoreAddress } from "./setting-values.ts";
import { foreignEnvironment, type SettingName, type SettingValues, settings } from "./settings.ts";
import { readTracing, type TracingConfiguration } from "./tracing-settings.ts";
import { forbidden, readTrusted } from "./trusted-file.ts";

/** The settings of the service. They do not change while it runs. */
export interface Configuration
  extends Readonly<
    Omit<
      SettingValues,
      | "masterKey"
      | "masterKeyFile"
      | "masterKeyCommand"
      | "storePasswordFile"
      | "webhookUrl"
      | "webhookSecret"
      | "workers"
      | "managementPort"
      | "tlsCert"
      | "tlsKey"
    >
  > {
  /** undefined: one process, without a supervisor. `carnet dev` ignores it. */
  readonly workers: number | undefined;
  /** undefined: no metrics are served. */
  readonly managementPort: number | undefined;
  /** undefined: the password is in the URL of the store, or there is none. */
  readonly storePasswordFile: string | undefined;
  /** undefined: the service serves plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** undefined: printed by the command or read from the file. */
  readonly masterKey: KeyObject | undefined;
  /** undefined: the one in the data folder, created by the first start. */
  readonly masterKeyFile: string | undefined;
  readonly masterKeyCommand: string | undefined;
  /** undefined: requests are not traced. */
  readonly tracing: TracingConfiguration | undefined;
  /** undefined, like its secret: no webhook. */
  readonly webhookUrl: Redacted<string> | undefined;
  readonly webhookSecret: Redacted<Uint8Array> | undefined;
}

/** The sources of settings. */
export interface ConfigurationSources {
  readonly mode: "dev" | "serve";
  /** Values of flags, by the name of the setting. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path of a YAML or JSON file that holds settings by their names. */
  readonly file: string | undefined;
}

/** A flag has an invalid value, which is a usage error of the command line. */
export class InvalidFlag extends OperatorFault {}

type Given = { readonly text: string; readonly source: string };

/**
 * Merges the sources: flags override the environment, which overrides the file and the defaults. Throws an OperatorFault
 * for an unknown or invalid setting, with its name, its source and what is accepted.
 */
export function loadConfiguration(sources: ConfigurationSources): Configuration {
  refuseUnknownEnvironment(sources.environment);
  const file = sources.file === undefined ? {} : readSettingsFile(sources.file);
  const take = <Value>(name: SettingName, setting: Setting<Value>): Value | undefined => {
    const given = find(name, sources, file);
    if (given === undefined) return undefined;
    const value = setting.parse(given.text);
    if (value.ok) return value.value;
    const seen = setting.secret ? "" : `: ${JSON.stringify(withoutCredentials(given.text))}`;
    const Fault = sources.flags[name] === undefined ? OperatorFault : InvalidFlag;
    const problem = value.error === undefined ? "" : `, because ${value.error}`;
    throw new Fault(`${given.source} has an invalid value${seen}${problem}. Accepted: ${setting.accepts}.`);
  };
  const dev = sources.mode === "dev";
  const host = take("host", settings.host) ?? (dev ? "localhost" : "0.0.0.0");
  const port = take("port", settings.port) ?? 8080;
  const tls = tlsFiles(take("tlsCert", settings.tlsCert), take("tlsKey", settings.tlsKey));
  const scheme = tls === undefined ? "http" : "https";
  // The same name that `dev` prints, because discovery compares the issuer with the address that the caller used
  const issuer = take("issuer", settings.issuer) ?? (dev ? `${scheme}://${loopbackName(host)}:${port}` : undefined);
  if (issuer === undefined) {
    throw new OperatorFault(
      `CARNET_ISSUER is not set: set it, or --issuer, to the address at which callers reach this service. Accepted: ${settings.issuer.accepts}.`,
    );
  }
  if (tls !== undefined && !issuer.startsWith("https:")) {
    throw new OperatorFault(
      `The issuer is ${issuer}, but with CARNET_TLS_CERT this service serves only HTTPS: set CARNET_ISSUER, or --issuer, to the https address at which callers reach it.`,
    );
  }
  const masterKey = take("masterKey", settings.masterKey);
  const masterKeyFile = take("masterKeyFile", settings.masterKeyFile);
  const masterKeyCommand = take("masterKeyCommand", settings.masterKeyCommand);
  refuseTwoMasterKeys({ masterKey, masterKeyFile, masterKeyCommand });
  const webhookUrl = take("webhookUrl", settings.webhookUrl);
  const webhookSecret = take("webhookSecret", settings.webhookSecret);
  if ((webhookUrl === undefined) !== (webhookSecret === undefined)) {
    throw new OperatorFault("CARNET_WEBHOOK_URL and CARNET_WEBHOOK_SECRET belong together: set both, or neither.");
  }
  const dataDir = take("dataDir", settings.dataDir) ?? ".carnet";
  const store = take("store", settings.store) ?? { kind: "sqlite" as const, path: join(dataDir, "carnet.db") };
  const storePasswordFile = take("storePasswordFile", settings.storePasswordFile);
  refuseUnsafePassword(store, storePasswordFile, sources);
  const keyRotation = take("keyRotation", settings.keyRotation);
  return Object.freeze({
    host,
    port,
    workers: take("workers", settings.workers),
    managementHost: take("managementHost", settings.managementHost) ?? "127.0.0.1",
    managementPort: take("managementPort", settings.managementPort),
    issuer,
    tls,
    audience: take("audience", settings.audience) ?? issuer,
    dataDir,
    store,
    storePasswordFile,
    storeConnections: take("storeConnections", settings.storeConnections) ?? 10,
    storeTimeout: take("storeTimeout", settings.storeTimeout) ?? 5000,
    storeGrace: take("storeGrace", settings.storeGrace) ?? 15 * 60_000,
    masterKey: masterKey === undefined ? undefined : createSecretKey(masterKey),
    masterKeyFile,
    masterKeyCommand,
    adminFile: take("adminFile", settings.adminFile) ?? join(dataDir, "admin.json"),
    contact: take("contact", settings.contact) ?? "a platform admin",
    node: take("node", settings.node) ?? hostname(),
    journal: take("journal", settings.journal) ?? join(dataDir, "journal"),
    journalSync: take("journalSync", settings.journalSync) ?? "second",
    journalFull: take("journalFull", settings.journalFull) ?? "refuse",
    journalFileSize: take("journalFileSize", settings.journalFileSize) ?? 64 * 1024 ** 2,
    journalMaxSize: take("journalMaxSize", settings.journalMaxSize) ?? 10 * 1024 ** 3,
    auditMaxAge: take("auditMaxAge", settings.auditMaxAge) ?? 400,
    refusalsMaxRows: take("refusalsMaxRows", settings.refusalsMaxRows) ?? 100_000,
    refusalsMaxAge: take("refusalsMaxAge", settings.refusalsMaxAge) ?? 7,
    webhookUrl,
    webhookSecret,
    tracing: readTracing(sources.environment),
    accessTokenTtl: take("accessTokenTtl", settings.accessTokenTtl) ?? 600,
    signingAlgorithm: take("signingAlgorithm", settings.signingAlgorithm) ?? "ES256",
    audienceAlgorithms: take("audienceAlgorithms", settings.audienceAlgorithms) ?? new Map(),
    keyRotation: keyRotation === undefined ? 90 * 86_400_000 : keyRotation,
    jwksMaxAge: take("jwksMaxAge", settings.jwksMaxAge) ?? 5 * 60_000,
    revocationFeed: take("revocationFeed", settings.revocationFeed) ?? "public",
    scopeCatalogue: take("scopeCatalogue", settings.scopeCatalogue) ?? "closed",
    sunsetAt: take("sunsetAt", settings.sunsetAt) ?? defaultSunset,
    drainTimeout: take("drainTimeout", settings.drainTimeout) ?? 9000,
    trustedProxies: take("trustedProxies", settings.trustedProxies) ?? [],
    logLevel: take("logLevel", settings.logLevel) ?? "info",
  });
}

/** The sources of a master key, in the order of the message. */
const masterKeySources = {
  masterKey: "in CARNET_MASTER_KEY",
  masterKeyFile: "as a file (CARNET_MASTER_KEY_FILE, --master-key-file or the configuration file)",
  masterKeyCommand: "as a command (CARNET_MASTER_KEY_COMMAND, --master-key-command or the configuration file)",
} as const;

function refuseTwoMasterKeys(given: Readonly<Record<keyof typeof masterKeySources, unknown>>): void {
  const sources = Object.entries(masterKeySources).filter(([name]) => given[name as keyof typeof given] !== undefined);
  if (sources.length < 2) return;
  const named = sources.map(([, source]) => source).join(" and ");
  throw new OperatorFault(
    `The master key is given ${sources.length === 2 ? "twice" : "three times"}, ${named}: keep one of them.`,
  );
}

/** Other users of the machine see flags. Two passwords would leave open which one counts. */
function refuseUnsafePassword(
  store: StoreAddress,
  file: string | undefined,
  { flags }: Pick<ConfigurationSources, "flags">,
): void {
  if (store.kind === "sqlite" || store.password === undefined) return;
  if (file !== undefined)
    throw new OperatorFault(
      "The password of the store is given twice, in its URL and as a file (CARNET_STORE_PASSWORD_FILE): remove it from the URL.",
    );
  if (flags["store"] === undefined) return;
  throw new InvalidFlag(
    "The flag --store contains a password, which other users of this machine can see: put it into a file and name that with --store-password-file, or give the URL in CARNET_STORE.",
  );
}

function tlsFiles(cert: string | undefined, key: string | undefined): Configuration["tls"] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw new OperatorFault("CARNET_TLS_CERT and CARNET_TLS_KEY belong together: set both, or neither.");
}

/** The host of a URL: the same loopback host, or `localhost` for any other, because only loopback may use plain HTTP. */
const loopbackName = (host: string): string => {
  const name = isIPv6(host) ? `[${host}]` : host;
  return isLoopbackHost(name) ? name : "localhost";
};

/** A database or issuer URL may hold a password before its host or in its query. */
const withoutCredentials = (text: string): string => text.replace(/\/\/.*@/s, "//...@").replace(/\?.*/s, "?...");

function find(
  name: SettingName,
  sources: ConfigurationSources,
  file: Readonly<Record<string, string>>,
): Given | undefined {
  const { environment, flag } = settings[name];
  const fromFlag = sources.flags[name];
  if (fromFlag !== undefined) return { text: fromFlag, source: `The flag ${flag?.split(" ")[0]}` };
  const fromEnvironment = sources.environment[environment];
  if (fromEnvironment !== undefined)
    return { text: fromEnvironment, source: `The environment variable ${environment}` };
  const fromFile = file[name];
  return fromFile === undefined
    ? undefined
    : { text: fromFile, source: `The setting ${name} of the file ${sources.file}` };
}

function refuseUnknownEnvironment(environment: ConfigurationSources["environment"]): void {
  const known = Object.values(settings).map((setting) => setting.environment);
  const unknown = Object.keys(environment).find(
    (name) => name.startsWith("CARNET_") && !known.includes(name) && !foreignEnvironment.has(name),
  );
  if (unknown === undefined) return;
  throw new OperatorFault(
    `The environment variable ${unknown} is not known.${didYouMean(unknown, [...known, ...foreignEnvironment])} Unset it, or use one of ${known.join(", ")}.`,
  );
}

function readSettingsFile(path: string): Readonly<Record<string, string>> {
  const names = Object.entries<Setting<unknown>>(settings).flatMap(([name, { secret }]) => (secret ? [] : [name]));
  const shape = `one mapping of settings, from ${names.join(", ")}, to plain values`;
  const read = parseFile(path, shape);
  if (read === null || read === undefined) return {};
  if (typeof read !== "object" || Array.isArray(read))
    throw new OperatorFault(`The configuration file ${path} does not contain a mapping. Accepted: ${shape}.`);
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(read)) {
    if (!names.includes(name)) {
      throw new OperatorFault(
        `The setting ${JSON.stringify(name)} of the file ${path} is not known.${didYouMean(name, names)} Accepted: ${shape}.`,
      );
    }
    if (typeof value !== "string" && typeof value !== "number") {
      throw new OperatorFault(
        `The setting ${name} of the file ${path} is neither text nor a number. Accepted: ${settings[name as SettingName].accepts}.`,
      );
    }
    values[name] = String(value);
  }
  return values;
}

type Parser = Pick<typeof import("yaml"), "parse" | "YAMLParseError">;

function parseFile(path: string, shape: string): unknown {
  // Loaded only if there is a file, because it would slow down every start
  const yaml: Parser = createRequire(import.meta.url)(`./yaml${extname(import.meta.url)}`);
  try {
    return yaml.parse(readTrusted(path, forbidden.write), { logLevel: "error" });
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    throw new OperatorFault(
      `The configuration file ${path} ${fileProblem(error, yaml)}: give the path of a file with ${shape}.`,
    );
  }
}

/** Names the line but not its content: the parser's own message quotes the file. */
function fileProblem(error: unknown, { YAMLParseError }: Parser): string {
  if (error instanceof Error && "syscall" in error) return `cannot be read${codeOf(error)}`;
  const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
  return `is not valid YAML or JSON${line === undefined ? "" : ` (line ${line})`}`;
}
