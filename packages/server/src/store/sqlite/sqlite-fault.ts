import { OperatorFault } from "../../fault.ts";
import { DamagedStore } from "../damaged-store.ts";
import { StoreBusy } from "../store-busy.ts";

/** What SQLite's result codes mean to an operator. @see https://www.sqlite.org/rescode.html */
const meanings: ReadonlyMap<number, (file: string) => string> = new Map([
  [
    1, // our statements are fixed, so the tables must have changed
    (file) =>
      `The database ${file} does not have the tables of this version. If a newer version has upgraded it, end this process and use that version. Otherwise restore it from a backup, or set CARNET_STORE to another file. It was not changed.`,
  ],
  [
    5,
    (file) =>
      `The database ${file} is locked by another process, which may be upgrading it: wait, end that process, or set CARNET_STORE to another file.`,
  ],
  [
    8,
    (file) =>
      `The database ${file} cannot be written: make the file and its folder writable for this user, or set CARNET_STORE to another file.`,
  ],
  [
    10,
    (file) =>
      `The disk failed while the database ${file} was read or written: check that it is healthy, not full and within its quota, then start again.`,
  ],
  [
    11,
    (file) =>
      `The database ${file} is damaged: restore it from a backup, or set CARNET_STORE to another file. It was not changed.`,
  ],
  [
    13,
    (file) =>
      `The disk of the database ${file} is full: make room, and start again if the service has not started. Nothing that was acknowledged is lost.`,
  ],
  [
    14,
    (file) =>
      `The database ${file} cannot be opened: check that its folder exists and that this user may write there, or set CARNET_STORE to another file.`,
  ],
  [26, (file) => `The file ${file} is not an SQLite database: set CARNET_STORE to another file. It was not changed.`],
]);

/** The operator's sentence for an error of SQLite, or undefined for any other error. */
export function sqliteFault(error: unknown, file: string): OperatorFault | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  const code = error.errcode & 0xff; // the low byte is the primary result code
  const sentence = meanings.get(code);
  if (sentence === undefined) return undefined;
  return new (classes.get(code) ?? OperatorFault)(sentence(file), { cause: error });
}

const classes: ReadonlyMap<number, typeof OperatorFault> = new Map([
  [1, DamagedStore],
  [5, StoreBusy],
  [11, DamagedStore],
  [26, DamagedStore],
]);
