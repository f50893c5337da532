/** The longest record. */
const maxBytes = 65_000;

/** The first byte of a text: null, or that its length is in the next two bytes; otherwise it is the length. */
const textMarks = { null: 0xff, long: 0xfe } as const;

/** The first byte of a number: null, a whole number in the next six bytes, or any number in the next eight. */
const numberMarks = { null: 0, whole: 1, any: 2 } as const;

const maxWhole = 2 ** 48 - 1;

/** Writes values one after the other into a buffer that it reuses. */
export class ByteWriter {
  readonly #bytes = Buffer.alloc(maxBytes);
  #at = 0;
  #full = false;

  begin(): this {
    this.#at = 0;
    this.#full = false;
    return this;
  }

  /** The bytes since `begin`, valid until the next one; undefined if a value could not be written. */
  end(): Uint8Array | undefined {
    return this.#full ? undefined : this.#bytes.subarray(0, this.#at);
  }

  text(text: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8; a lone surrogate cannot be written
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

  /** The first bytes, of which there must be enough. */
  bytes(bytes: Uint8Array, length: number): void {
    if (!this.#hasRoom(length)) return;
    this.#bytes.set(bytes.subarray(0, length), this.#at);
    this.#at += length;
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
    } else if (Number.isInteger(number) && number >= 0 && number <= maxWhole) {
      this.#bytes[this.#at++] = numberMarks.whole;
      this.#at = this.#bytes.writeUIntLE(number, this.#at, 6);
    } else {
      this.#bytes[this.#at++] = numberMarks.any;
      this.#at = this.#bytes.writeDoubleLE(number, this.#at);
    }
  }

  #hasRoom(length: number): boolean {
    if (this.#at + length > maxBytes) this.#full = true;
    return !this.#full;
  }
}

/** Reads values in the order in which a `ByteWriter` wrote them. */
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

  longCount(): number {
    this.#at += 2;
    return (this.#bytes[this.#at - 2] ?? 0) | ((this.#bytes[this.#at - 1] ?? 0) << 8);
  }

  numberOrNull(): number | null {
    const mark = this.#bytes[this.#at++] ?? 0;
    if (mark === numberMarks.null) return null;
    const length = mark === numberMarks.whole ? 6 : 8;
    this.#at += length;
    return length === 6 ? this.#bytes.readUIntLE(this.#at - 6, 6) : this.#bytes.readDoubleLE(this.#at - 8);
  }

  /** The length of the next text; undefined if it is null. */
  #textLength(): number | undefined {
    const mark = this.#bytes[this.#at++] ?? 0;
    if (mark === textMarks.null) return undefined;
    return mark === textMarks.long ? this.longCount() : mark;
  }
}
