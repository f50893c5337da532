import { carnet } from "../contenders/carnet.ts";
import type { Callers } from "../load/request-text.ts";
import { startContender } from "../processes/running-contender.ts";
import { capacityConnections } from "./issuing.ts";
import type { Bench, Mode } from "./mode.ts";
import { loadOn, measureSlice, oneClient, type Slice, type SliceOptions, unknownClient, wrongSecret } from "./slice.ts";

/** Carnet under right and wrong secrets, in alternating rounds. */
export interface RefusalResults {
  readonly tokens: readonly Slice[];
  readonly wrongSecrets: readonly Slice[];
  readonly unknownClients: readonly Slice[];
  /** Honest callers together with as many others, which are honest or send wrong secrets as fast as they can. */
  readonly besideHonest: readonly Slice[];
  readonly besideWrong: readonly Slice[];
}

export const refusals: Mode<RefusalResults> = {
  name: "refusals",
  about: "wrong secrets at full speed",
  estimate: (scale) => 5 * (scale.firstWarmup + scale.rounds * (scale.slice + scale.warmup)),
  async measure(bench) {
    bench.progress.part("refusals");
    const results: Record<keyof RefusalResults, Slice[]> = {
      tokens: [],
      wrongSecrets: [],
      unknownClients: [],
      besideHonest: [],
      besideWrong: [],
    };
    await using running = await startContender(carnet);
    const full = { kind: "closed", connections: capacityConnections } as const;
    const concurrent = (callers: Callers, expect: number) => ({
      concurrent: [loadOn(running, full, { callers, expect })],
    });
    const kinds: Record<keyof RefusalResults, Partial<SliceOptions>> = {
      tokens: {},
      wrongSecrets: { callers: wrongSecret, expect: 401 },
      unknownClients: { callers: unknownClient, expect: 401 },
      besideHonest: concurrent(oneClient, 200),
      besideWrong: concurrent(wrongSecret, 401),
    };
    for (let round = 0; round < bench.scale.rounds; round++) {
      for (const [kind, options] of Object.entries(kinds) as [keyof RefusalResults, Partial<SliceOptions>][]) {
        const all = { pace: full, ...turn(bench, round), ...options };
        results[kind].push(await measureSlice(running, bench.generator, all));
        bench.progress.step(all.warmup + bench.scale.slice, kind);
      }
    }
    return results;
  },
};

const turn = ({ scale }: Bench, round: number) => ({
  warmup: round === 0 ? scale.firstWarmup : scale.warmup,
  measure: { seconds: scale.slice },
});
