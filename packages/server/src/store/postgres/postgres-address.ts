import { isIPv6 } from "node:net";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";

/** How TLS is used, with libpq's meaning. @see https://www.postgresql.org/docs/current/libpq-ssl.html */
export const sslModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;

export type SslMode = (typeof sslModes)[number];

/** Where a PostgreSQL database is, and how to connect to it. */
export interface PostgresAddress {
  readonly kind: "postgres";
  /** A name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: Redacted<string> | undefined;
  readonly sslMode: SslMode;
  /** Paths of PEM files. `system` is no file: it stands for the certificate authorities that Node trusts. */
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  readonly applicationName: string;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

export const postgresUrlForm =
  "postgres://USER@HOST:PORT/DATABASE with the parameters sslmode, sslrootcert, sslcert, sslkey, application_name and connect_timeout";

const parameters = ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "connect_timeout"] as const;

type Parameters = Partial<Record<(typeof parameters)[number], string>>;

/** Parses a URL as libpq does. The error says what is wrong and does not quote the URL, which can hold a password. */
export function parsePostgresUrl(text: string): Result<PostgresAddress, string> {
  const url = /^postgres(?:ql)?:\/\//.test(text) ? URL.parse(text) : null;
  if (url === null || url.hash !== "") return err("it is not a URL of PostgreSQL");
  const parts = decoded(url);
  if (parts === undefined) return err("a part of it is not percent-encoded UTF-8");
  const { user, database, host, port } = parts;
  if (user === "") return err("it names no user");
  if (host === "" || !(isIPv6(host) || host.startsWith("/") || /^[0-9A-Za-z._-]+$/.test(host)))
    return err("it does not name one host");
  if (database === "" || database.includes("/")) return err("it does not name a database");
  const given: Parameters = Object.fromEntries(url.searchParams);
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.some((known) => known === name));
  if (unknown !== undefined) return err(`its parameter ${JSON.stringify(unknown.slice(0, 40))} is not supported`);
  const sslMode = sslModes.find((mode) => mode === (given.sslmode ?? "prefer"));
  if (sslMode === undefined) return err(`its sslmode is none of ${sslModes.join(", ")}`);
  if ((given.sslcert === undefined) !== (given.sslkey === undefined)) return err("sslcert and sslkey belong together");
  const seconds = Number(given.connect_timeout ?? 5);
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60))
    return err("its connect_timeout is not a whole number of seconds from 1 to 60");
  return ok({
    ...{ kind: "postgres", host, port, database, user, sslMode },
    password: parts.password === "" ? undefined : new Redacted(parts.password),
    ...{ sslRootCert: given.sslrootcert, sslCert: given.sslcert, sslKey: given.sslkey },
    applicationName: given.application_name ?? "carnet",
    connectTimeout: seconds * 1000,
  });
}

function decoded({ username, password, hostname, port, pathname }: URL) {
  try {
    return {
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      host: decodeURIComponent(hostname.replace(/^\[(.*)]$/, "$1")),
      port: port === "" ? 5432 : Number(port),
      database: decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    return undefined;
  }
}

/** The address for messages, without its password and parameters. */
export const nameOf = ({ user, host, port, database }: PostgresAddress): string =>
  `postgres://${user}@${isIPv6(host) ? `[${host}]` : host}:${port}/${database}`;
