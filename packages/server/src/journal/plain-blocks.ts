import type { FileHandle } from "node:fs/promises";

/** Whole lines of a journal, each with its newline. */
export interface Block {
  /** Valid until the next block is read. */
  readonly lines: Buffer;
  /** The place of the first line in the file. */
  readonly start: number;
  /** The place after the last line. */
  readonly end: number;
}

/** How many bytes are processed without letting requests run. The slowest work, indexing, takes 2 milliseconds. */
export const blockBytes = 256 * 1024;

/** A record is at most a few megabytes. A file with a longer line was not written by Carnet. */
export const maxLineBytes = 64 * 1024 * 1024;

/** Reads the whole lines of a file from a place on. Returns the number of bytes after the last newline. */
export async function* readPlainBlocks(handle: FileHandle, from = 0): AsyncGenerator<Block, number, undefined> {
  let buffer: Buffer = Buffer.allocUnsafe(blockBytes);
  let filled = 0;
  let start = from;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
    filled += bytesRead;
    if (filled < buffer.length && bytesRead > 0) continue;
    const length = buffer.subarray(0, filled).lastIndexOf(newline) + 1;
    if (length > 0) yield { lines: buffer.subarray(0, length), start, end: start + length };
    start += length;
    buffer.copyWithin(0, length, filled);
    filled -= length;
    if (bytesRead === 0) return filled;
    if (filled === buffer.length) buffer = longer(buffer);
  }
}

export const newline = 0x0a;

/** Room for a line that is longer than the buffer. */
function longer(buffer: Buffer): Buffer {
  if (buffer.length >= maxLineBytes) throw new DamagedFile("has a line that is too long for a record");
  const twice = Buffer.allocUnsafe(buffer.length * 2);
  buffer.copy(twice);
  return twice;
}

/** A file that Carnet cannot have written. The message continues the file's name, and contains nothing of the file. */
export class DamagedFile extends Error {
  override readonly name = "DamagedFile";
}

/** The lines of a block, without their newlines. */
export function* linesOf({ lines }: Pick<Block, "lines">): Generator<Buffer, void, undefined> {
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(newline, start);
    yield lines.subarray(start, end);
    start = end + 1;
  }
}
