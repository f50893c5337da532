/** A random source (at least 0, below 1) that gives the same numbers in each run. */
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

/** Samples numbers below a size uniformly. */
export function uniformSampler(size: number, random: () => number): () => number {
  return () => Math.floor(random() * size);
}

/** Samples numbers below a size from a Zipf distribution with exponent 1: the n-th occurs 1/n as often as the first. */
export function zipfSampler(size: number, random: () => number): () => number {
  const sums = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return () => {
    const target = random() * sum;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Cycles through the numbers below a size in a shuffled order. */
export function shuffledSampler(size: number, random: () => number): () => number {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  let next = 0;
  return () => order[next++ % size] ?? 0;
}
