/** The longest record. */
const mostBytes = 64 * 1024;

/** The length of a text takes two bytes; this one stands for null. */
const nullLength = 0xffff;

/** Writes values one after the other into bytes that it uses over and over. */
export class ByteWriter {
  readonly #bytes = Buffer.alloc(mostBytes);
  #at = 0;
  #full = false;

  begin(): this {
    this.#at = 0;
    this.#full = false;
    return this;
  }

  /** What was written since `begin`, good until the next one; undefined where there is something that cannot be written. */
  end(): Uint8Array | undefined {
    return this.#full ? undefined : this.#bytes.subarray(0, this.#at);
  }

  text(text: string): void {
    // A unit of UTF-16 takes three bytes of UTF-8 at the most; half a pair of them has no bytes at all
    if (!text.isWellFormed()) this.#full = true;
    if (!this.#hasRoom(2 + 3 * text.length)) return;
    const length = this.#bytes.write(text, this.#at + 2, "utf8");
    this.#at = this.#bytes.writeUInt16LE(length, this.#at) + length;
  }

  textOrNull(text: string | null): void {
    if (text !== null) this.text(text);
    else if (this.#hasRoom(2)) this.#at = this.#bytes.writeUInt16LE(nullLength, this.#at);
  }

  /** Up to 255 of them. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length > 255) this.#full = true;
    if (!this.#hasRoom(1 + bytes.length)) return;
    this.#bytes[this.#at] = bytes.length;
    this.#bytes.set(bytes, this.#at + 1);
    this.#at += 1 + bytes.length;
  }

  /** A whole number below 65,536. */
  count(count: number): void {
    if (count > 0xffff) this.#full = true;
    if (this.#hasRoom(2)) this.#at = this.#bytes.writeUInt16LE(count, this.#at);
  }

  numberOrNull(number: number | null): void {
    if (!this.#hasRoom(9)) return;
    this.#bytes[this.#at++] = number === null ? 0 : 1;
    if (number !== null) this.#at = this.#bytes.writeDoubleLE(number, this.#at);
  }

  #hasRoom(length: number): boolean {
    if (this.#at + length > mostBytes) this.#full = true;
    return !this.#full;
  }
}

/** Reads what a `ByteWriter` wrote, in the same order. */
export class ByteReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  begin(bytes: Buffer, start: number): this {
    this.#bytes = bytes;
    this.#at = start;
    return this;
  }

  text(): string {
    return this.textOrNull() ?? "";
  }

  textOrNull(): string | null {
    const length = this.count();
    if (length === nullLength) return null;
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  /** Whether the text here is this one, of ASCII. */
  isText(text: string): boolean {
    if (this.count() !== text.length) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.#bytes[this.#at + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  /** A copy, since the original is written over one day. */
  bytes(): Uint8Array {
    const length = this.#bytes[this.#at] ?? 0;
    this.#at += 1 + length;
    return length === 0 ? noBytes : new Uint8Array(this.#bytes.subarray(this.#at - length, this.#at));
  }

  count(): number {
    this.#at += 2;
    return (this.#bytes[this.#at - 2] ?? 0) | ((this.#bytes[this.#at - 1] ?? 0) << 8);
  }

  numberOrNull(): number | null {
    if (this.#bytes[this.#at++] === 0) return null;
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }
}

const noBytes = new Uint8Array(0);
