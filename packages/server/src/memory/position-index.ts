/**
 * Finds positions by 32-bit hashes, in eight bytes an entry and as many again that are free: an open table with linear
 * probing. Positions are whole numbers from 0 to 2^32 - 2. Several may have one hash.
 */
export class PositionIndex {
  #hashes = new Uint32Array(smallest);
  /** One more than the position; 0: free. */
  #places = new Uint32Array(smallest);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The first position with this hash that is the right one, or -1. */
  find(hash: number, isRight: (position: number) => boolean): number {
    const mask = this.#places.length - 1;
    for (let slot = hash & mask; this.#places[slot] !== 0; slot = (slot + 1) & mask) {
      const position = (this.#places[slot] ?? 0) - 1;
      if (this.#hashes[slot] === hash && isRight(position)) return position;
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
      const wanted = (this.#hashes[next] ?? 0) & mask;
      if (((next - wanted) & mask) < ((next - slot) & mask)) continue;
      this.#places[slot] = this.#places[next] ?? 0;
      this.#hashes[slot] = this.#hashes[next] ?? 0;
      slot = next;
    }
    this.#places[slot] = 0;
  }

  clear(): void {
    this.#hashes = new Uint32Array(smallest);
    this.#places = new Uint32Array(smallest);
    this.#size = 0;
  }

  #put(hash: number, place: number): void {
    const mask = this.#places.length - 1;
    let slot = hash & mask;
    while (this.#places[slot] !== 0) slot = (slot + 1) & mask;
    this.#places[slot] = place;
    this.#hashes[slot] = hash;
  }

  #grow(): void {
    const [hashes, places] = [this.#hashes, this.#places];
    this.#hashes = new Uint32Array(2 * hashes.length);
    this.#places = new Uint32Array(2 * places.length);
    for (const [slot, place] of places.entries()) if (place !== 0) this.#put(hashes[slot] ?? 0, place);
  }
}

const smallest = 1024;
