/**
 * Finds positions by 32-bit hashes, in six to twelve bytes an entry: an open-addressing table with linear probing and a
 * load of one to two thirds. Positions are whole numbers from 0 to 2^32 - 2. Several can share a hash.
 */
export class PositionIndex {
  readonly #hashAt: (position: number) => number;
  /** Position + 1; 0 is a free slot. */
  #slots = new Uint32Array(smallest);
  #size = 0;

  /** `hashAt` returns the hash of an entry in the index. */
  constructor(hashAt: (position: number) => number) {
    this.#hashAt = hashAt;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The first position with this hash that matches, or -1. */
  find(hash: number, matches: (position: number) => boolean): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const position = (this.#slots[slot] ?? 0) - 1;
      if (this.#hashAt(position) === hash && matches(position)) return position;
    }
    return -1;
  }

  add(hash: number, position: number): void {
    if (this.#size * 3 >= this.#slots.length * 2) this.#grow();
    this.#put(hash, position + 1);
    this.#size++;
  }

  delete(hash: number, position: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== position + 1) {
      if (this.#slots[slot] === 0) return;
      slot = (slot + 1) & mask;
    }
    this.#size--;
    // Backward-shift deletion: entries after the gap move up unless that would put them before their own slot
    for (let next = (slot + 1) & mask; this.#slots[next] !== 0; next = (next + 1) & mask) {
      const entry = this.#slots[next] ?? 0;
      const own = this.#hashAt(entry - 1) & mask;
      if (((next - own) & mask) < ((next - slot) & mask)) continue;
      this.#slots[slot] = entry;
      slot = next;
    }
    this.#slots[slot] = 0;
  }

  clear(): void {
    this.#slots = new Uint32Array(smallest);
    this.#size = 0;
  }

  #put(hash: number, entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }

  #grow(): void {
    const slots = this.#slots;
    this.#slots = new Uint32Array(2 * slots.length);
    for (const entry of slots) if (entry !== 0) this.#put(this.#hashAt(entry - 1), entry);
  }
}

const smallest = 1024;
