/** What a record begins with: its length with this, in two bytes, and its hash. */
const headLength = 6;

/** Records lie in blocks of this many bytes, and each within one. */
const blockLength = 256 * 1024;

/**
 * Records one after the other in a bounded number of blocks. Where there is no room left, the block that was filled
 * longest ago is emptied for new ones. Takes memory only as it fills.
 */
export class RecordRing {
  readonly #blocks: Buffer[] = [];
  /** How far each block is filled. */
  readonly #ends: number[] = [];
  readonly #mostBlocks: number;
  readonly #dropped: (hash: number, position: number) => void;
  #block = 0;
  #end = 0;

  /** Tells of each record that is dropped. Of the bytes given, as many are used as make whole blocks, at least two. */
  constructor(bytes: number, dropped: (hash: number, position: number) => void) {
    this.#mostBlocks = Math.max(2, Math.floor(bytes / blockLength));
    this.#dropped = dropped;
  }

  /** Adds a record, of less than 64 KiB with its head, and says where it is. */
  add(hash: number, record: Uint8Array): number {
    const length = headLength + record.length;
    if (this.#end + length > blockLength) this.#turn();
    const block = this.#blocks[this.#block] ?? Buffer.alloc(blockLength);
    this.#blocks[this.#block] = block;
    const position = this.#block * blockLength + this.#end;
    block.writeUInt16LE(length, this.#end);
    block.writeUInt32LE(hash, this.#end + 2);
    block.set(record, this.#end + headLength);
    this.#end += length;
    this.#ends[this.#block] = this.#end;
    return position;
  }

  /** The block that a record is in, and from where to where in it. To be read before the next is added. */
  at(position: number): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    const bytes = this.#blockOf(position);
    const at = position % blockLength;
    return { bytes, start: at + headLength, end: at + bytes.readUInt16LE(at) };
  }

  /** The hash that the record at a position was added with. */
  hashAt(position: number): number {
    return this.#blockOf(position).readUInt32LE((position % blockLength) + 2);
  }

  #blockOf(position: number): Buffer {
    const block = this.#blocks[Math.floor(position / blockLength)];
    if (block === undefined) throw new RangeError("there is no record at this position");
    return block;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#ends.length = 0;
    this.#block = 0;
    this.#end = 0;
  }

  /** Goes on to the next block, emptied. */
  #turn(): void {
    this.#block = (this.#block + 1) % this.#mostBlocks;
    this.#end = 0;
    const block = this.#blocks[this.#block];
    const end = this.#ends[this.#block] ?? 0;
    for (let at = 0; block !== undefined && at < end; at += block.readUInt16LE(at)) {
      this.#dropped(block.readUInt32LE(at + 2), this.#block * blockLength + at);
    }
  }
}
