/** Where the SDK gets time from; tests give their own. */
export interface Clock {
  /** Milliseconds since 1970; read only to compare with a date that a server named. */
  now(): number;
  /** Milliseconds from any start that never step back; every lifetime, wait and limit is measured by it. */
  monotonic(): number;
  /** Calls back once after `ms`, unless the function that it returns is called before. */
  after(ms: number, callback: () => void): () => void;
}

/** The runtime's own clock. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: performance.now.bind(performance),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The runtime's own chance: from 0 up to and without 1. */
export const systemRandom: () => number = Math.random;
