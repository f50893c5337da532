import { hasCode, OperatorFault } from "../../fault.ts";
import { DamagedStore } from "../damaged-store.ts";
import { StoreBusy } from "../store-busy.ts";
import { StoreUnavailable } from "../store-unavailable.ts";

/** What an SQLSTATE, or its first characters, means to an operator. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
type Meaning = readonly [code: string, Fault: typeof OperatorFault, (name: string) => string];

const away = (reason: string) => (name: string) =>
  `The database ${name} is not available (${reason}). Carnet connects again on its own. If that lasts, check the server and the network.`;

const busy = (reason: string) => (name: string) =>
  `The database ${name} is busy (${reason}): try again. If that lasts, look for long transactions in pg_stat_activity.`;

/** The longest code that fits counts. */
const meanings: readonly Meaning[] = [
  ["08", StoreUnavailable, away("the connection failed")],
  ["25006", StoreUnavailable, away("it is a standby or read-only")],
  [
    "53300",
    StoreUnavailable,
    away("it has no free connection: raise max_connections or lower CARNET_STORE_CONNECTIONS"),
  ],
  ["57P01", StoreUnavailable, away("an administrator ended the session")],
  ["57P02", StoreUnavailable, away("it crashed")],
  ["57P03", StoreUnavailable, away("it is starting or shutting down")],
  ["57P05", StoreUnavailable, away("the session was idle for too long")],
  ["25P03", StoreBusy, busy("a transaction was idle for too long")],
  ["40001", StoreBusy, busy("transactions were in each other's way")],
  ["40P01", StoreBusy, busy("transactions were in each other's way")],
  ["55P03", StoreBusy, busy("another process holds a lock")],
  ["57014", StoreBusy, busy("a statement took too long")],
  [
    "42P01", // our statements are fixed, so the tables must have changed
    DamagedStore,
    (name) =>
      `The database ${name} does not have the tables of this version. If a newer version has upgraded it, end this process and use that version. Otherwise restore it from a backup.`,
  ],
  [
    "42703",
    DamagedStore,
    (name) =>
      `The tables of the database ${name} are not those of this version. If a newer version has upgraded it, end this process and use that version. Otherwise restore it from a backup.`,
  ],
  ["XX001", DamagedStore, (name) => `The database ${name} is damaged: restore it from a backup.`],
  ["XX002", DamagedStore, (name) => `An index of the database ${name} is damaged: run \`reindex database\` there.`],
  [
    "42501",
    OperatorFault,
    (name) =>
      `The user of ${name} lacks a right: run \`carnet migrate\` as a user that may create tables, and grant this one select, insert, update and delete on them and usage on their sequences.`,
  ],
  [
    "28",
    OperatorFault,
    (name) =>
      `The server refuses the login of ${name}: check the user, its password (CARNET_STORE_PASSWORD_FILE, or in CARNET_STORE) and the server's pg_hba.conf.`,
  ],
  [
    "3D000",
    OperatorFault,
    (name) => `There is no database ${name}: create it with \`createdb\`, or correct CARNET_STORE.`,
  ],
  [
    "53100",
    OperatorFault,
    (name) => `The disk of the database ${name} is full: make room. Nothing that was acknowledged is lost.`,
  ],
  ["53200", StoreUnavailable, away("it is out of memory")],
];

const certificateAdvice =
  "check sslrootcert and the host in CARNET_STORE against the server's certificate. Anybody in between could pose as the server otherwise.";

/** The operator's sentence for an error of the server, the driver or the network, or undefined for a bug. */
export function postgresFault(error: unknown, name: string): OperatorFault | undefined {
  if (error instanceof OperatorFault) return error;
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const meaning = meanings.findLast(([prefix]) => code.startsWith(prefix) && isState(code));
  if (meaning !== undefined) {
    const [, Fault, sentence] = meaning;
    return new Fault(sentence(name), { cause: error });
  }
  if (isState(code)) return undefined;
  if (noTls(error))
    return new OperatorFault(
      `The database ${name} does not speak TLS: enable it on the server, or set sslmode=disable in CARNET_STORE if the network is trusted.`,
      { cause: error },
    );
  if (/CERT|TLS|SSL|ISSUER|SIGNATURE/.test(code))
    return new OperatorFault(`The TLS connection to ${name} cannot be trusted (${code}): ${certificateAdvice}`, {
      cause: error,
    });
  if ("syscall" in error || /^(?:Connection terminated|Query read timeout|Client has encountered)/.test(error.message))
    return new StoreUnavailable(away(code === "" ? reasonOf(error) : code)(name), { cause: error });
  return undefined;
}

/** The driver has no code for this. */
export const noTls = (error: unknown): boolean =>
  error instanceof Error && error.message === "The server does not support SSL connections";

export const isTooManyConnections = (error: unknown): boolean => hasCode(error, "53300");

/** Whether it is an SQLSTATE, not a code of Node. */
const isState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("E");

const reasonOf = ({ message }: Error): string =>
  message.includes("timeout") ? "it does not answer" : "the connection was cut";
