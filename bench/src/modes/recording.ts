import { carnet, carnetUnrecorded } from "../contenders/carnet.ts";
import { startContender } from "../processes/running-contender.ts";
import { capacityConnections } from "./issuing.ts";
import type { Mode } from "./mode.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** Carnet with and without token records, in alternating rounds. */
export interface RecordingResults {
  readonly recorded: readonly Slice[];
  readonly unrecorded: readonly Slice[];
}

export const recording: Mode<RecordingResults> = {
  name: "recording",
  about: "the cost of recording each token",
  estimate: (scale) => 2 * (scale.firstWarmup + 2 * scale.rounds * (scale.slice + scale.warmup)),
  async measure({ scale, generator, progress }) {
    progress.part("recording");
    await using withRecords = await startContender(carnet);
    await using without = await startContender(carnetUnrecorded);
    const recorded: Slice[] = [];
    const unrecorded: Slice[] = [];
    for (let round = 0; round < 2 * scale.rounds; round++) {
      const warmup = round === 0 ? scale.firstWarmup : scale.warmup;
      const pace = { kind: "closed", connections: capacityConnections } as const;
      const options = { pace, warmup, measure: { seconds: scale.slice } };
      recorded.push(await measureSlice(withRecords, generator, options));
      unrecorded.push(await measureSlice(without, generator, options));
      progress.step(2 * (warmup + scale.slice));
    }
    return { recorded, unrecorded };
  },
};
