/** How many texts can be on their way at once; a power of two. */
const places = 64;

/** In bytes. The text of a token with a dozen scopes takes a third of it. */
const placeLength = 2048;

const asked = 0;
const signed = 1;
const countsLength = 2 * Int32Array.BYTES_PER_ELEMENT;
const lengthsLength = places * Int32Array.BYTES_PER_ELEMENT;

/**
 * Carries texts to a thread that signs them and their signatures back, in order: places in memory that both threads
 * have, each used over and over, so that it takes no message. One side asks and collects, the other takes and answers.
 */
export class SigningRing {
  readonly memory: SharedArrayBuffer;
  /** How many were asked and how many are signed, each turning over at 2^32. */
  readonly #counts: Int32Array<SharedArrayBuffer>;
  readonly #lengths: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Buffer;
  /** How many this side is done with: collected by the one who asks, answered by the one who signs. */
  #done: number;

  /** Given memory, that of the ring on the other side. */
  constructor(memory = new SharedArrayBuffer(countsLength + lengthsLength + places * placeLength)) {
    this.memory = memory;
    this.#counts = new Int32Array(memory, 0, 2);
    this.#lengths = new Int32Array(memory, countsLength, places);
    this.#bytes = Buffer.from(memory, countsLength + lengthsLength);
    this.#done = Atomics.load(this.#counts, signed);
  }

  /** Asks for the signature of an ASCII text; false where there is no room for it. */
  ask(text: string): boolean {
    const count = Atomics.load(this.#counts, asked);
    if (text.length > placeLength || ((count - this.#done) | 0) === places) return false;
    this.#lengths[count & (places - 1)] = this.#bytes.write(text, startOf(count), "latin1");
    Atomics.store(this.#counts, asked, (count + 1) | 0);
    Atomics.notify(this.#counts, asked);
    return true;
  }

  /** The next signature that is there, in base64url, or undefined. */
  collect(): string | undefined {
    if (Atomics.load(this.#counts, signed) === this.#done) return undefined;
    const signature = this.#at(this.#done).toString("base64url");
    this.#done = (this.#done + 1) | 0;
    return signature;
  }

  /** The next text to sign, or undefined. */
  take(): Uint8Array | undefined {
    return Atomics.load(this.#counts, asked) === this.#done ? undefined : this.#at(this.#done);
  }

  /** Gives back the signature of the text that was taken. */
  answer(signature: Uint8Array): void {
    this.#bytes.set(signature, startOf(this.#done));
    this.#lengths[this.#done & (places - 1)] = signature.length;
    this.#done = (this.#done + 1) | 0;
    Atomics.store(this.#counts, signed, this.#done);
  }

  /** Sleeps until there is something to take. */
  sleep(): void {
    Atomics.wait(this.#counts, asked, this.#done);
  }

  #at(count: number): Buffer {
    const start = startOf(count);
    return this.#bytes.subarray(start, start + (this.#lengths[count & (places - 1)] ?? 0));
  }
}

const startOf = (count: number): number => (count & (places - 1)) * placeLength;
