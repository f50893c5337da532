import { carnetFromSources, carnetStrict, carnetUnrecorded } from "../contenders/carnet.ts";
import { startContender } from "../processes/running-contender.ts";
import { capacityConnections } from "./issuing.ts";
import type { Mode } from "./mode.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** Carnet in both modes of the journal, and without recording, in alternating rounds. */
export interface RecordingLoad {
  readonly connections: number;
  /** Undefined for one process without a supervisor. */
  readonly workers: number | undefined;
  readonly recorded: readonly Slice[];
  readonly strict: readonly Slice[];
  readonly unrecorded: readonly Slice[];
}

/** Records that are written together share a write and a sync, so the cost depends on how many callers wait at a time. */
const loads = [capacityConnections, 128] as const;

export const recording: Mode<readonly RecordingLoad[]> = {
  name: "recording",
  about: "the cost of recording each token",
  estimate: (scale) =>
    3 * (scale.firstWarmup + loads.length * scale.recordingRounds * (scale.recordingSlice + scale.warmup / 2)),
  async measure({ scale, generator, progress, workers }) {
    progress.part("recording");
    await using withRecords = await startContender(carnetFromSources(workers));
    await using inStrictMode = await startContender(carnetStrict(workers));
    await using without = await startContender(carnetUnrecorded(workers));
    const results = loads.map((connections) => ({
      connections,
      workers,
      recorded: [] as Slice[],
      strict: [] as Slice[],
      unrecorded: [] as Slice[],
    }));
    for (let round = 0; round < scale.recordingRounds; round++)
      for (const { connections, recorded, strict, unrecorded } of results) {
        const warmup = round === 0 && connections === capacityConnections ? scale.firstWarmup : scale.warmup / 2;
        const pace = { kind: "closed", connections } as const;
        const options = { pace, warmup, measure: { seconds: scale.recordingSlice } };
        recorded.push(await measureSlice(withRecords, generator, options));
        strict.push(await measureSlice(inStrictMode, generator, options));
        unrecorded.push(await measureSlice(without, generator, options));
        progress.step(3 * (warmup + scale.recordingSlice));
      }
    return results;
  },
};
