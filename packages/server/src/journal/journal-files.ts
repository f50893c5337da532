import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

/** The file system as the journal uses it. Tests replace it to fill the disk, or to lose what was not synced. */
export interface JournalFiles {
  /** Creates a file that only its owner can read, and its folder if it is missing. Throws if the file exists. */
  create(path: string): OpenFile;
  rename(from: string, to: string): void;
  /** Renames a file or folder to `<path>.replaced`, or with a number if that exists. Nothing there: does nothing. */
  setAside(path: string): void;
  remove(path: string): void;
  /** Makes new names in a folder survive a power loss. */
  syncFolder(folder: string): void;
  /** The bytes that this user can still write on the disk of a folder. */
  freeBytes(folder: string): Promise<number>;
}

export interface OpenFile {
  /** Appends text or bytes. Returns the number of bytes written, which can be too few on a full disk. */
  append(data: string | Uint8Array): number;
  read(buffer: Uint8Array, position: number): number;
  truncate(size: number): void;
  sync(): Promise<void>;
  /** Whether the path still leads to this file. */
  isAt(path: string): boolean;
  close(): void;
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;

export const journalFiles: JournalFiles = {
  create(path) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openFile(openSync(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0o600));
  },
  rename: renameSync,
  setAside(path) {
    if (at(path) === undefined) return;
    let kept = `${path}.replaced`;
    for (let number = 2; at(kept) !== undefined; number++) kept = `${path}.replaced-${number}`;
    renameSync(path, kept);
  },
  remove: (path) => rmSync(path, { force: true }),
  syncFolder(path) {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

/** What is at a path. Follows no link: one that leads to itself or to nothing would look like a fault, or like no file. */
const at = (path: string) => lstatSync(path, { throwIfNoEntry: false });

const sync = promisify(fdatasync);

const openFile = (descriptor: number): OpenFile => ({
  append: (data) => (typeof data === "string" ? writeSync(descriptor, data) : writeSync(descriptor, data)),
  read: (buffer, position) => readSync(descriptor, buffer, { position }),
  truncate: (size) => ftruncateSync(descriptor, size),
  sync: () => sync(descriptor),
  isAt(path) {
    const there = at(path);
    const here = fstatSync(descriptor);
    return there !== undefined && there.ino === here.ino && there.dev === here.dev;
  },
  close: () => closeSync(descriptor),
});
