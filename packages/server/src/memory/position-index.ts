/**
 * Finds positions by the 32-bit hashes of what is there, in six to twelve bytes an entry: an open table with linear
 * probing, of which a third to two thirds are taken. Positions are whole numbers from 0 to 2^32 - 2. Several may have one hash.
 */
export class PositionIndex {
  readonly #hashAt: (position: number) => number;
  /** One more than the position; 0: free. */
  #places = new Uint32Array(smallest);
  #size = 0;

  /** Asks for the hash of what is at a position, as long as that is in the index. */
  constructor(hashAt: (position: number) => number) {
    this.#hashAt = hashAt;
  }

  get size(): number {
    return this.#size;
  }

  /** The first position with this hash that is the right one, or -1. */
  find(hash: number, isRight: (position: number) => boolean): number {
    const mask = this.#places.length - 1;
    for (let slot = hash & mask; this.#places[slot] !== 0; slot = (slot + 1) & mask) {
      const position = (this.#places[slot] ?? 0) - 1;
      if (this.#hashAt(position) === hash && isRight(position)) return position;
    }
    return -1;
  }

  add(hash: number, position: number): void {
    if (this.#size * 3 >= this.#places.length * 2) this.#grow();
    this.#put(hash, position + 1);
    this.#size++;
  }

  delete(hash: number, position: number): void {
    const mask = this.#places.length - 1;
    let slot = hash & mask;
    while (this.#places[slot] !== position + 1) {
      if (this.#places[slot] === 0) return;
      slot = (slot + 1) & mask;
    }
    this.#size--;
    // What follows without a gap moves up, as far as that brings it nearer to its own slot
    for (let next = (slot + 1) & mask; this.#places[next] !== 0; next = (next + 1) & mask) {
      const place = this.#places[next] ?? 0;
      const wanted = this.#hashAt(place - 1) & mask;
      if (((next - wanted) & mask) < ((next - slot) & mask)) continue;
      this.#places[slot] = place;
      slot = next;
    }
    this.#places[slot] = 0;
  }

  clear(): void {
    this.#places = new Uint32Array(smallest);
    this.#size = 0;
  }

  #put(hash: number, place: number): void {
    const mask = this.#places.length - 1;
    let slot = hash & mask;
    while (this.#places[slot] !== 0) slot = (slot + 1) & mask;
    this.#places[slot] = place;
  }

  #grow(): void {
    const places = this.#places;
    this.#places = new Uint32Array(2 * places.length);
    for (const place of places) if (place !== 0) this.#put(this.#hashAt(place - 1), place);
  }
}

const smallest = 1024;
