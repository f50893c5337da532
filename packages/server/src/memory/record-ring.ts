/** Each record starts with its length in two bytes, which count too. */
const headLength = 2;

/** The size of a block, in bytes. No record crosses a block. */
const blockLength = 256 * 1024;

/**
 * A ring buffer of records in a bounded number of blocks. When all are full, the oldest block is reused. Blocks are
 * allocated as they are needed.
 */
export class RecordRing {
  readonly #blocks: Buffer[] = [];
  /** The end of the records in each block. */
  readonly #ends: number[] = [];
  readonly #maxBlocks: number;
  readonly #onEvict: (position: number) => void;
  #block = 0;
  #end = 0;

  /** Uses as many whole blocks as fit into the bytes, at least two. Reports each record before it is overwritten. */
  constructor(bytes: number, onEvict: (position: number) => void) {
    this.#maxBlocks = Math.max(2, Math.floor(bytes / blockLength));
    this.#onEvict = onEvict;
  }

  get bytes(): number {
    return this.#blocks.length * blockLength;
  }

  /** Adds a record of less than 64 KiB and returns its position. */
  add(record: Uint8Array): number {
    const length = headLength + record.length;
    if (this.#end + length > blockLength) this.#advance();
    const block = this.#blocks[this.#block] ?? Buffer.alloc(blockLength);
    this.#blocks[this.#block] = block;
    const position = this.#block * blockLength + this.#end;
    block.writeUInt16LE(length, this.#end);
    block.set(record, this.#end + headLength);
    this.#end += length;
    this.#ends[this.#block] = this.#end;
    return position;
  }

  /** The block of a record, and its start and end there. Valid until the next record is added. */
  at(position: number): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    const bytes = this.#blocks[Math.floor(position / blockLength)];
    if (bytes === undefined) throw new RangeError("no record at this position");
    const start = position % blockLength;
    return { bytes, start: start + headLength, end: start + bytes.readUInt16LE(start) };
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#ends.length = 0;
    this.#block = 0;
    this.#end = 0;
  }

  #advance(): void {
    this.#block = (this.#block + 1) % this.#maxBlocks;
    this.#end = 0;
    const block = this.#blocks[this.#block];
    const end = this.#ends[this.#block] ?? 0;
    for (let at = 0; block !== undefined && at < end; at += block.readUInt16LE(at)) {
      this.#onEvict(this.#block * blockLength + at);
    }
  }
}
