/** The longest record. */
const mostBytes = 65_000;

/** What the first byte of a text says: null, or that its length is in the next two; else it is the length. */
const textMarks = { null: 0xff, long: 0xfe } as const;

/** What the first byte of a number says: null, a whole number in the next six, or any number in the next eight. */
const numberMarks = { null: 0, whole: 1, any: 2 } as const;

const mostWhole = 2 ** 48 - 1;

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
    const isLong = 3 * text.length >= textMarks.long;
    if (!this.#hasRoom(3 + 3 * text.length)) return;
    const start = this.#at + (isLong ? 3 : 1);
    const length = this.#bytes.write(text, start, "utf8");
    this.#bytes[this.#at] = isLong ? textMarks.long : length;
    if (isLong) this.#bytes.writeUInt16LE(length, this.#at + 1);
    this.#at = start + length;
  }

  textOrNull(text: string | null): void {
    if (text !== null) this.text(text);
    else if (this.#hasRoom(1)) this.#bytes[this.#at++] = textMarks.null;
  }

  /** Up to 255 of them. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length > 255) this.#full = true;
    if (!this.#hasRoom(1 + bytes.length)) return;
    this.#bytes[this.#at] = bytes.length;
    this.#bytes.set(bytes, this.#at + 1);
    this.#at += 1 + bytes.length;
  }

  /** Up to 255. */
  count(count: number): void {
    if (count > 0xff) this.#full = true;
    if (this.#hasRoom(1)) this.#bytes[this.#at++] = count;
  }

  /** Up to 65,535. */
  longCount(count: number): void {
    if (count > 0xffff) this.#full = true;
    if (this.#hasRoom(2)) this.#at = this.#bytes.writeUInt16LE(count, this.#at);
  }

  numberOrNull(number: number | null): void {
    if (!this.#hasRoom(9)) return;
    if (number === null) {
      this.#bytes[this.#at++] = numberMarks.null;
    } else if (Number.isInteger(number) && number >= 0 && number <= mostWhole) {
      this.#bytes[this.#at++] = numberMarks.whole;
      this.#at = this.#bytes.writeUIntLE(number, this.#at, 6);
    } else {
      this.#bytes[this.#at++] = numberMarks.any;
      this.#at = this.#bytes.writeDoubleLE(number, this.#at);
    }
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
    const length = this.#textLength();
    if (length === undefined) return null;
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  /** Whether the text here is this one, of ASCII. */
  isText(text: string): boolean {
    if (this.#textLength() !== text.length) return false;
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
    return this.#bytes[this.#at++] ?? 0;
  }

  longCount(): number {
    this.#at += 2;
    return (this.#bytes[this.#at - 2] ?? 0) | ((this.#bytes[this.#at - 1] ?? 0) << 8);
  }

  numberOrNull(): number | null {
    const mark = this.count();
    if (mark === numberMarks.null) return null;
    const length = mark === numberMarks.whole ? 6 : 8;
    this.#at += length;
    return length === 6 ? this.#bytes.readUIntLE(this.#at - 6, 6) : this.#bytes.readDoubleLE(this.#at - 8);
  }

  /** Of the text that follows; undefined where it is null. */
  #textLength(): number | undefined {
    const mark = this.count();
    if (mark === textMarks.null) return undefined;
    return mark === textMarks.long ? this.longCount() : mark;
  }
}

const noBytes = new Uint8Array(0);
