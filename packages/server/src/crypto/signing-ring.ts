/** The maximum number of texts in progress; a power of two. */
const places = 64;

/** Bytes for each text. A token with a dozen scopes needs a third of it. */
const placeLength = 2048;

const queued = 0;
const signed = 1;
const countsLength = 2 * Int32Array.BYTES_PER_ELEMENT;
const lengthsLength = places * Int32Array.BYTES_PER_ELEMENT;

/**
 * A ring buffer in shared memory between the main thread and a signing thread. Signatures come back in the order of the
 * texts. One side calls `queue` and `collect`, the other `take` and `answer`.
 */
export class SigningRing {
  readonly memory: SharedArrayBuffer;
  /** How many texts were queued and signed; both wrap at 2^32. */
  readonly #counts: Int32Array<SharedArrayBuffer>;
  readonly #lengths: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Buffer;
  /** The number of texts that this side has finished: collected on one side, answered on the other. */
  #done: number;

  /** Pass the memory of the other side's ring to connect to it. */
  constructor(memory = new SharedArrayBuffer(countsLength + lengthsLength + places * placeLength)) {
    this.memory = memory;
    this.#counts = new Int32Array(memory, 0, 2);
    this.#lengths = new Int32Array(memory, countsLength, places);
    this.#bytes = Buffer.from(memory, countsLength + lengthsLength);
    this.#done = Atomics.load(this.#counts, signed);
  }

  /** Queues an ASCII text; returns false if there is no room. */
  queue(text: string): boolean {
    const count = Atomics.load(this.#counts, queued);
    if (text.length > placeLength || ((count - this.#done) | 0) === places) return false;
    this.#lengths[count & (places - 1)] = this.#bytes.write(text, startOf(count), "latin1");
    Atomics.store(this.#counts, queued, (count + 1) | 0);
    Atomics.notify(this.#counts, queued);
    return true;
  }

  /** Returns the next finished signature in base64url, or undefined. */
  collect(): string | undefined {
    if (Atomics.load(this.#counts, signed) === this.#done) return undefined;
    const signature = this.#at(this.#done).toString("base64url");
    this.#done = (this.#done + 1) | 0;
    return signature;
  }

  /** Returns the next text to sign, or undefined. */
  take(): Uint8Array | undefined {
    return Atomics.load(this.#counts, queued) === this.#done ? undefined : this.#at(this.#done);
  }

  /** Writes the signature of the text that was taken. */
  answer(signature: Uint8Array): void {
    this.#bytes.set(signature, startOf(this.#done));
    this.#lengths[this.#done & (places - 1)] = signature.length;
    this.#done = (this.#done + 1) | 0;
    Atomics.store(this.#counts, signed, this.#done);
  }

  /** Blocks until there is a text to take. */
  sleep(): void {
    Atomics.wait(this.#counts, queued, this.#done);
  }

  #at(count: number): Buffer {
    const start = startOf(count);
    return this.#bytes.subarray(start, start + (this.#lengths[count & (places - 1)] ?? 0));
  }
}

const startOf = (count: number): number => (count & (places - 1)) * placeLength;
