import { randomBytes, randomUUID } from "node:crypto";
import type { Clock, RandomSource } from "@carnet/core/ports";

/** The real clock and real chance, as the service has them. */
export const clock: Clock = { now: () => Date.now() };
export const random: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };
