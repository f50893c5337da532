import { randomBytes, randomUUID } from "node:crypto";
import type { Clock, RandomSource } from "@carnet/core/ports";

/** The real clock and random source, as in the service. */
export const clock: Clock = { now: () => Date.now() };
export const random: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };
