/** The current time, in milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** Unpredictable bytes, fit for secrets. */
export interface RandomSource {
  bytes(length: number): Uint8Array;
  /** A random (version 4) UUID. */
  uuid(): string;
}
