/** How much to measure. Times are in seconds. */
export interface Scale {
  /** How often each contender is measured. Ratios are taken within each round. */
  readonly rounds: number;
  readonly slice: number;
  readonly warmup: number;
  /** The warm-up before a contender's first slice. */
  readonly firstWarmup: number;
  readonly connections: readonly number[];
  /** Shares of each contender's own capacity, for the open loop. */
  readonly openShares: readonly number[];
  /** How long the capacity is measured before each open-loop slice. */
  readonly capacity: number;
  readonly openSlice: number;
  readonly openRounds: number;
  readonly starts: number;
  readonly idle: number;
  readonly registrySizes: readonly number[];
  /** Numbers of live revocations. */
  readonly feedSizes: readonly number[];
  /** The least number of tokens that each registry issues before it is measured. */
  readonly registryWarmup: number;
  /** Short and many: what recording costs is far less than what other work on the machine adds to a second. */
  readonly recordingRounds: number;
  readonly recordingSlice: number;
  /** How long each task of an SDK is repeated. */
  readonly sdkSlice: number;
  readonly sdkCallers: number;
  readonly profile: number;
  /** How long to wait for an answer before a contender counts as stalled, and for a running peer to listen. */
  readonly patience: number;
}

/** `full` is published; `quick` gives a first impression after a change; `tiny` tests that everything runs. */
export const scales = {
  full: {
    rounds: 7,
    slice: 1,
    warmup: 0.2,
    firstWarmup: 3,
    connections: [1, 32, 128],
    openShares: [0.3, 0.5, 0.7, 0.9],
    capacity: 0.5,
    openSlice: 1,
    openRounds: 4,
    starts: 5,
    idle: 1,
    registrySizes: [10, 10_000, 1_000_000],
    feedSizes: [10, 100_000],
    registryWarmup: 100_000,
    recordingRounds: 100,
    recordingSlice: 0.25,
    sdkSlice: 3,
    sdkCallers: 10_000,
    profile: 8,
    patience: 10,
  },
  quick: {
    rounds: 5,
    slice: 0.5,
    warmup: 0.1,
    firstWarmup: 2,
    connections: [32],
    openShares: [0.7],
    capacity: 0.3,
    openSlice: 0.5,
    openRounds: 5,
    starts: 3,
    idle: 1,
    registrySizes: [10, 10_000],
    feedSizes: [10, 100_000],
    registryWarmup: 20_000,
    recordingRounds: 30,
    recordingSlice: 0.25,
    sdkSlice: 1,
    sdkCallers: 10_000,
    profile: 4,
    patience: 10,
  },
  tiny: {
    rounds: 1,
    slice: 0.05,
    warmup: 0.02,
    firstWarmup: 0.02,
    connections: [1, 32],
    openShares: [0.3],
    capacity: 0.05,
    openSlice: 0.1,
    openRounds: 1,
    starts: 1,
    idle: 0.01,
    registrySizes: [10, 100],
    feedSizes: [10, 1000],
    registryWarmup: 100,
    recordingRounds: 1,
    recordingSlice: 0.05,
    sdkSlice: 0.05,
    sdkCallers: 20,
    profile: 0.3,
    patience: 5,
  },
} as const satisfies Readonly<Record<string, Scale>>;

export type ScaleName = keyof typeof scales;
