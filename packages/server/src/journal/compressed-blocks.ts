import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, deflateRaw, inflateRaw } from "node:zlib";
import { type BlockIndex, decodeIndex, encodedBytes, encodeIndex, indexBlock } from "./block-index.ts";
import { type Block, DamagedFile, maxLineBytes, newline } from "./plain-blocks.ts";

/**
 * A compressed file is a series of gzip members, one for each block, as RFC 1952 §2.2 allows, so `zcat` prints the
 * whole file. The extra field of each member has its length and its index, so a search jumps over members.
 */

const deflate = promisify(deflateRaw);
const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** RFC 1952 §2.3: magic number, deflate, FEXTRA, no time, no hint, unknown system. */
const start = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);
/** RFC 1952 §2.3.1.1: a subfield has two letters, the length of its data, and its data. */
const letters = Buffer.from("CJ");
const lengthAt = start.length + 2 + letters.length + 2;
const indexAt = lengthAt + 4;
const headerBytes = indexAt + encodedBytes;
/** The checksum and the length of the uncompressed bytes. */
const trailerBytes = 8;

const maxBlockBytes = 2 * maxLineBytes;

const fixed = Buffer.alloc(lengthAt);
fixed.set(start);
fixed.writeUInt16LE(headerBytes - start.length - 2, start.length);
fixed.set(letters, start.length + 2);
fixed.writeUInt16LE(4 + encodedBytes, start.length + 4);

/** The gzip member of a block. */
export async function compressBlock(lines: Buffer): Promise<Buffer> {
  const compressing = deflate(lines); // in another thread
  const index = encodeIndex(indexBlock(lines));
  const member = Buffer.concat([fixed, Buffer.alloc(4), index, await compressing, Buffer.alloc(8)]);
  member.writeUInt32LE(member.length, lengthAt);
  member.writeUInt32LE(crc32(lines), member.length - 8);
  member.writeUInt32LE(lines.length, member.length - 4);
  return member;
}

export interface Member {
  readonly start: number;
  readonly length: number;
  readonly index: BlockIndex;
}

/** The members of a file, by their headers. Throws a `DamagedFile`. */
export async function* readMembers(handle: FileHandle): AsyncGenerator<Member, void, undefined> {
  const { size } = await handle.stat();
  for (let at = 0; at < size; ) {
    const read = await readAt(handle, { start: at, length: headerBytes });
    const length = read.readUInt32LE(lengthAt);
    if (!read.subarray(0, lengthAt).equals(fixed)) throw new DamagedFile(foreign);
    if (length > size - at) throw new DamagedFile(cutOff);
    if (length < headerBytes + trailerBytes || length > maxBlockBytes) throw new DamagedFile(corrupt);
    yield { start: at, length, index: decodeIndex(read.subarray(indexAt)) };
    at += length;
  }
}

/** The lines of a member. Throws a `DamagedFile` if they are not those that were compressed. */
export async function readMember(handle: FileHandle, member: Pick<Member, "start" | "length">): Promise<Buffer> {
  const bytes = await readAt(handle, member);
  const end = bytes.length - trailerBytes;
  const lines = await inflate(bytes.subarray(headerBytes, end), { maxOutputLength: maxBlockBytes }).catch(() => {
    throw new DamagedFile(corrupt);
  });
  const isWhole = bytes.readUInt32LE(end) === crc32(lines) && bytes.readUInt32LE(end + 4) === lines.length;
  if (!isWhole || lines.at(-1) !== newline) throw new DamagedFile(corrupt);
  return lines;
}

/** The blocks of a compressed file; `start` and `end` are places in the compressed file. Throws a `DamagedFile`. */
export async function* readCompressedBlocks(handle: FileHandle): AsyncGenerator<Block & Member, number, undefined> {
  for await (const member of readMembers(handle)) {
    yield { ...member, lines: await readMember(handle, member), end: member.start + member.length };
  }
  return 0;
}

async function readAt(handle: FileHandle, { start, length }: { start: number; length: number }): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, start);
  if (bytesRead < length) throw new DamagedFile(cutOff);
  return buffer;
}

const foreign =
  "was not compressed by Carnet, or is damaged: decompress it with gunzip, and Carnet compresses it again";
const cutOff = "is damaged: its end is missing";
const corrupt = "is damaged: it cannot be decompressed";
