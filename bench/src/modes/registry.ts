import { carnet, serve } from "../contenders/carnet.ts";
import type { Callers } from "../load/request-text.ts";
import { type RunningContender, startContender } from "../processes/running-contender.ts";
import { filledStore } from "../registry/filled-store.ts";
import { numberedClient } from "../registry/numbered-client.ts";
import { capacityConnections } from "./issuing.ts";
import type { Bench, Mode } from "./mode.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** Carnet with a registry of one size, under one distribution of callers. */
export interface RegistryResult {
  readonly clients: number;
  readonly distribution: "uniform" | "zipf";
  /** Milliseconds to the first token. */
  readonly starts: readonly number[];
  /** One request per client in a shuffled order, before the other loads. */
  readonly eachOnce: Slice;
  readonly slices: readonly Slice[];
}

const distributions = ["uniform", "zipf"] as const;

/** Registrations and uncached token requests per second, for the time estimate. */
const fillRate = 9000;
const lookupRate = 6000;

export const registry: Mode<readonly RegistryResult[]> = {
  name: "registry",
  about: "up to a million clients",
  estimate(scale) {
    const clients = scale.registrySizes.reduce((sum, size) => sum + size, 0);
    const turns = scale.registrySizes.length * distributions.length * scale.rounds * (scale.slice + scale.warmup);
    const each = scale.starts + scale.registryWarmup / lookupRate;
    return clients / fillRate + clients / lookupRate + turns + scale.registrySizes.length * each;
  },
  async measure(bench) {
    const running: Registry[] = [];
    try {
      for (const clients of bench.scale.registrySizes) running.push(await start(bench, clients));
      await measureInTurns(bench, running);
    } finally {
      await Promise.all(running.map(({ server }) => server.stop()));
    }
    return running.flatMap(({ results }) => results);
  },
};

interface Registry {
  readonly server: RunningContender;
  readonly results: readonly (RegistryResult & { readonly slices: Slice[] })[];
}

const pace = { kind: "closed", connections: capacityConnections } as const;

async function start(bench: Bench, clients: number): Promise<Registry> {
  const { scale, generator, progress, cache } = bench;
  progress.part(`a store of ${clients} clients`);
  const store = await filledStore(cache, clients, (batch) => progress.step(batch / fillRate));
  progress.part(`a registry of ${clients} clients`);
  const options = { launch: (port: number) => serve(store, port), firstClient: numberedClient(0) };
  const starts: number[] = [];
  for (let round = 1; round < scale.starts; round++) {
    await using once = await startContender(carnet, options);
    starts.push(once.timeToFirstToken ?? Number.NaN);
    progress.step(1);
  }
  const server = await startContender(carnet, options);
  starts.push(server.timeToFirstToken ?? Number.NaN);
  const ask = (sampling: "each-once" | "uniform", answers: number) => {
    const callers: Callers = { kind: "registry", size: clients, sampling };
    return measureSlice(server, generator, { pace, callers, warmup: 0, measure: { answers } });
  };
  const eachOnce = await ask("each-once", clients);
  progress.step(clients / lookupRate);
  // Warm V8 up as much for a small registry as the requests above did for a big one.
  if (clients < scale.registryWarmup) await ask("uniform", scale.registryWarmup);
  progress.step(scale.registryWarmup / lookupRate);
  return {
    server,
    results: distributions.map((distribution) => ({ clients, distribution, starts, eachOnce, slices: [] })),
  };
}

async function measureInTurns({ scale, generator, progress }: Bench, running: readonly Registry[]): Promise<void> {
  progress.part("registries, alternating");
  const { warmup, slice } = scale;
  for (let round = 0; round < scale.rounds; round++) {
    for (const { server, results } of running) {
      for (const { clients, distribution, slices } of results) {
        const callers: Callers = { kind: "registry", size: clients, sampling: distribution };
        slices.push(await measureSlice(server, generator, { pace, callers, warmup, measure: { seconds: slice } }));
        progress.step(warmup + slice, `${clients} clients, ${distribution}`);
      }
    }
  }
}
