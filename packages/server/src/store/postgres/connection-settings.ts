import { readFileSync } from "node:fs";
import { checkServerIdentity, type ConnectionOptions as TlsOptions } from "node:tls";
import pg, { type ClientConfig } from "pg";
import { forbidden, readTrusted } from "../../configuration/trusted-file.ts";
import { OperatorFault } from "../../fault.ts";
import type { PostgresAddress } from "./postgres-address.ts";

/** What the driver needs to connect. The variables that libpq reads, such as PGHOST, have no effect. */
export const connectionSettings = (address: PostgresAddress, passwordFile: string | undefined): ClientConfig => ({
  host: address.host,
  port: address.port,
  database: address.database,
  user: address.user,
  // Asked for each connection, so that a new password in the file is used without a restart
  password: () => readPassword(address, passwordFile),
  ssl: tlsOf(address),
  sslnegotiation: "postgres",
  application_name: address.applicationName,
  connectionTimeoutMillis: address.connectTimeout,
  keepAlive: true,
  types: { getTypeParser },
});

/** The driver's client, without what it takes from PGOPTIONS and PGREPLICATION. */
export class PostgresClient extends pg.Client {
  constructor(config?: ClientConfig) {
    super(config);
    const parameters: unknown = Reflect.get(this, "connectionParameters");
    if (typeof parameters === "object" && parameters !== null)
      Object.assign(parameters, { options: undefined, replication: undefined });
  }
}

/** Reads the password file, or returns the password of the URL. Throws an OperatorFault if the file cannot be read. */
export function readPassword({ password }: PostgresAddress, file: string | undefined): string {
  if (file === undefined) return password?.reveal() ?? "";
  try {
    // Others may read it: Kubernetes mounts secrets with mode 0644
    return readTrusted(file, forbidden.write).replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    throw unreadable("password", file, "CARNET_STORE_PASSWORD_FILE");
  }
}

/** libpq's modes: `require` encrypts without a check of the certificate, unless there is a root certificate. */
function tlsOf({ host, sslMode, sslRootCert, sslCert, sslKey }: PostgresAddress): TlsOptions | false {
  if (sslMode === "disable" || host.startsWith("/")) return false;
  const isVerified = sslMode === "verify-ca" || sslMode === "verify-full" || (sslMode === "require" && sslRootCert);
  const ca = sslRootCert === undefined || sslRootCert === "system" ? undefined : readPem(sslRootCert, "sslrootcert");
  return {
    rejectUnauthorized: Boolean(isVerified),
    ...(ca === undefined ? {} : { ca }),
    ...(sslCert === undefined || sslKey === undefined
      ? {}
      : { cert: readPem(sslCert, "sslcert"), key: readPem(sslKey, "sslkey") }),
    checkServerIdentity: (_, certificate) =>
      sslMode === "verify-full" ? checkServerIdentity(host, certificate) : undefined,
  };
}

function readPem(path: string, parameter: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw unreadable("TLS", path, `the parameter ${parameter} of CARNET_STORE`);
  }
}

const unreadable = (kind: string, path: string, source: string): OperatorFault =>
  new OperatorFault(`The ${kind} file ${path} cannot be read: let this user read it, or correct ${source}.`);

/** The numbers of the types whose values the driver would return as text: int8 and numeric. */
const numbers = new Set([20, 1700]);

const asText = (value: string): string => value;
const asBytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value.slice(2), "hex")); // `\x` and hex digits

/** The few types that our tables and queries have. */
function getTypeParser(type: number): (value: string) => unknown {
  if (numbers.has(type) || type === 23) return Number;
  if (type === 17) return asBytes;
  if (type === 16) return (value) => value === "t";
  return asText;
}
