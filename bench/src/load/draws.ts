/** A source of numbers from 0 up to but not including 1, the same for each run. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Draws numbers below a size, each as likely as the others. */
export function uniformDraw(size: number, random: () => number): () => number {
  return () => Math.floor(random() * size);
}

/** Draws numbers below a size by Zipf's law with exponent 1: the n-th is asked a n-th as often as the first. */
export function zipfDraw(size: number, random: () => number): () => number {
  const sums = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return () => {
    const sought = random() * sum;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) < sought) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Goes through the numbers below a size in a shuffled order, each once, and then again. */
export function eachOnceDraw(size: number, random: () => number): () => number {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  let next = 0;
  return () => order[next++ % size] ?? 0;
}
