import { carnet, carnetStrict, carnetUnrecorded } from "../contenders/carnet.ts";
import { startContender } from "../processes/running-contender.ts";
import { capacityConnections } from "./issuing.ts";
import type { Mode } from "./mode.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** Carnet in both modes of the journal, and without recording, in alternating rounds. */
export interface RecordingResults {
  readonly recorded: readonly Slice[];
  readonly strict: readonly Slice[];
  readonly unrecorded: readonly Slice[];
}

export const recording: Mode<RecordingResults> = {
  name: "recording",
  about: "the cost of recording each token",
  estimate: (scale) => 3 * (scale.firstWarmup + 2 * scale.rounds * (scale.slice + scale.warmup)),
  async measure({ scale, generator, progress }) {
    progress.part("recording");
    await using withRecords = await startContender(carnet);
    await using inStrictMode = await startContender(carnetStrict);
    await using without = await startContender(carnetUnrecorded);
    const results = { recorded: [] as Slice[], strict: [] as Slice[], unrecorded: [] as Slice[] };
    for (let round = 0; round < 2 * scale.rounds; round++) {
      const warmup = round === 0 ? scale.firstWarmup : scale.warmup;
      const pace = { kind: "closed", connections: capacityConnections } as const;
      const options = { pace, warmup, measure: { seconds: scale.slice } };
      results.recorded.push(await measureSlice(withRecords, generator, options));
      results.strict.push(await measureSlice(inStrictMode, generator, options));
      results.unrecorded.push(await measureSlice(without, generator, options));
      progress.step(3 * (warmup + scale.slice));
    }
    return results;
  },
};
