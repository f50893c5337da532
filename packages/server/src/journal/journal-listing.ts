import { constants, type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../fault.ts";

/** A file of the journal in its folder. */
export interface ListedFile {
  /** The name without ending. */
  readonly name: string;
  readonly isCompressed: boolean;
}

export const plainEnding = ".jsonl";
export const compressedEnding = ".jsonl.gz";

/** The files of a folder by name. While a file is being compressed, both forms exist; the plain one is listed. */
export async function listJournal(folder: string): Promise<readonly ListedFile[]> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  const plain = new Set(names.filter((name) => name.endsWith(plainEnding)).map((name) => cut(name, plainEnding)));
  const compressed = names
    .filter((name) => name.endsWith(compressedEnding))
    .map((name) => cut(name, compressedEnding))
    .filter((name) => !plain.has(name));
  return [
    ...[...plain].map((name) => ({ name, isCompressed: false })),
    ...compressed.map((name) => ({ name, isCompressed: true })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface OpenedFile extends ListedFile, AsyncDisposable {
  readonly handle: FileHandle;
}

/** Opens a file, even if it was compressed since it was listed. undefined: it is gone. */
export async function openListed(folder: string, { name, isCompressed }: ListedFile): Promise<OpenedFile | undefined> {
  if (!isCompressed) {
    const handle = await openToRead(join(folder, name + plainEnding));
    if (handle !== undefined) return opened(handle, { name, isCompressed: false });
  }
  const handle = await openToRead(join(folder, name + compressedEnding));
  return handle && opened(handle, { name, isCompressed: true });
}

/** O_NONBLOCK: opening a pipe that took the place of a file would otherwise wait for a writer, and block a thread. */
const openToRead = (path: string): Promise<FileHandle | undefined> =>
  unlessMissing(open(path, constants.O_RDONLY | constants.O_NONBLOCK));

const opened = (handle: FileHandle, file: ListedFile): OpenedFile => ({
  ...file,
  handle,
  [Symbol.asyncDispose]: () => handle.close(),
});

export async function unlessMissing<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

const cut = (name: string, ending: string): string => name.slice(0, -ending.length);
