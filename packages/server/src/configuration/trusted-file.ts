import { closeSync, fstatSync, lstatSync, openSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { quoted } from "@carnet/protocol/shell-word";
import { OperatorFault } from "../fault.ts";

/**
 * Whoever can change Carnet's files decides what it does, and whoever can read its secrets can act as it. Files that
 * are open to other users are therefore refused, with the command that closes them.
 */

/**
 * The mode bits that a file must not have: others may not write it, may not access it at all, or may only read it as
 * members of its group, as secrets that Kubernetes mounts with `fsGroup` are read.
 */
export const forbidden = { write: 0o022, access: 0o077, allButGroupRead: 0o027 } as const;

const chmodOf = { [forbidden.write]: "go-w", [forbidden.access]: "go-rwx", [forbidden.allButGroupRead]: "g-w,o-rwx" };

export type Forbidden = (typeof forbidden)[keyof typeof forbidden];

/** Windows has neither these modes nor user ids. */
const hasModes = process.platform !== "win32";

/** Says how other users can access a file or folder and how to stop it, or undefined if its mode is fine. */
export function exposure(path: string, stat: Stats, bits: Forbidden): string | undefined {
  if (!hasModes || (stat.mode & bits) === 0) return undefined;
  // The sticky bit stops users from replacing each other's files, and devices such as /dev/null store nothing
  if (stat.isCharacterDevice() || (stat.isDirectory() && (stat.mode & 0o1000) !== 0)) return undefined;
  const writable = (stat.mode & forbidden.write) !== 0;
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
  const subject = `The ${stat.isDirectory() ? "folder" : "file"} ${path} can be ${writable ? "written" : "read"} by other users (mode ${mode})`;
  const next = `run \`chmod ${chmodOf[bits]} ${quoted(path)}\``;
  return writable ? `${subject}: make sure that nobody has changed it, then ${next}.` : `${subject}: ${next}.`;
}

/** Says which other user owns a file, or undefined if this process's user does. Root is no exception. */
export function otherOwner(path: string, stat: Stats): string | undefined {
  const user = process.getuid?.();
  if (!hasModes || stat.uid === user) return undefined;
  return `The file ${path} belongs to the user with the id ${stat.uid}, and your id is ${user}`;
}

/** Reads a file and checks it through one descriptor, so that it cannot be swapped. Throws an OperatorFault. */
export function readTrusted(path: string, bits: Forbidden): string {
  // Opening one without a writer would block the process, so that it could not even be told to stop
  if (lstatSync(path).isFIFO()) refuse(namedPipe(path));
  const file = openSync(path, "r");
  try {
    const text = readFileSync(file, "utf8");
    refuse(exposure(path, fstatSync(file), bits));
    return text;
  } finally {
    closeSync(file);
  }
}

/** The paths in a configuration. */
interface OwnFiles {
  readonly store: { readonly kind: "postgres" } | { readonly kind: "sqlite"; readonly path: string };
  readonly dataDir: string;
  readonly adminFile: string;
}

/** Refuses a store or an admin file that other users can change. Throws an OperatorFault. */
export function refuseExposedFiles({ store, dataDir, adminFile }: OwnFiles): void {
  const database = store.kind === "sqlite" ? ["", "-wal", "-shm", "-journal"].map((end) => store.path + end) : [];
  const folders = [adminFile, ...database].map(dirname);
  for (const path of new Set([dataDir, ...folders, ...database])) refuse(exposureOf(path, forbidden.write));
  refuse(exposureOf(adminFile, forbidden.access));
}

/** Says why a file or folder of the service is not trusted, or undefined if it is, or is missing. */
export function exposureOf(path: string, bits: Forbidden): string | undefined {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch {
    return undefined; // missing or unreachable: opening it reports why
  }
  if (stat.isFIFO()) return namedPipe(path);
  const owner = stat.uid === 0 ? undefined : otherOwner(path, stat); // root can change every file anyway
  return exposure(path, stat, bits) ?? (owner && `${owner}: run \`chown ${process.getuid?.()} ${quoted(path)}\`.`);
}

const namedPipe = (path: string): string =>
  `The file ${path} is a named pipe, which cannot be checked: name a regular file.`;

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new OperatorFault(problem);
}
