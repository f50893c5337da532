/** The SDK's source of time. Tests replace it. */
export interface Clock {
  /** Wall-clock milliseconds since 1970. Used only to compare with dates that a server sends. */
  now(): number;
  /** Milliseconds that never go backwards, from any starting point. Measures every lifetime, wait and timeout. */
  monotonic(): number;
  /** Calls back once after `ms`. The returned function cancels it. */
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

/** The runtime's random source: at least 0 and below 1. */
export const systemRandom: () => number = Math.random;
