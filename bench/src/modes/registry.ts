import { carnet, serve } from "../contenders/carnet.ts";
import type { Callers } from "../load/request-text.ts";
import { type RunningContender, startContender } from "../processes/running-contender.ts";
import { filledStore } from "../registry/filled-store.ts";
import { numberedClient } from "../registry/numbered-client.ts";
import { capacityConnections } from "./issuing.ts";
import type { Bench, Mode } from "./mode.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** Ours with a registry of one size, asked for its clients by one law. */
export interface RegistryResult {
  readonly clients: number;
  readonly law: "uniform" | "zipf";
  /** Milliseconds to the first token. */
  readonly starts: readonly number[];
  /** Each client asked once, in a shuffled order; for the uniform law only, since that is its warm-up too. */
  readonly eachOnce: Slice | undefined;
  readonly slices: readonly Slice[];
}

const laws = ["uniform", "zipf"] as const;

/** How many clients are registered a second, and how many asked that are not in memory, for the estimate. */
const fillRate = 12_000;
const askRate = 6000;

export const registry: Mode<readonly RegistryResult[]> = {
  name: "registry",
  about: "up to a million clients",
  estimate(scale) {
    const clients = scale.registrySizes.reduce((sum, size) => sum + size, 0);
    const turns = scale.registrySizes.length * laws.length * (scale.rounds + 1) * (scale.slice + scale.warmup);
    return (
      clients / fillRate + clients / askRate + turns + scale.registrySizes.length * (scale.starts + scale.firstWarmup)
    );
  },
  async measure(bench) {
    const running: { readonly server: RunningContender; readonly result: Measured }[] = [];
    try {
      for (const clients of bench.scale.registrySizes) {
        for (const law of laws) running.push(await start(bench, clients, law));
      }
      await measureInTurns(bench, running);
    } finally {
      await Promise.all(running.map(({ server }) => server.stop()));
    }
    return running.map(({ result }) => result);
  },
};

type Measured = RegistryResult & { readonly slices: Slice[] };

async function start(bench: Bench, clients: number, law: RegistryResult["law"]) {
  const { scale, generator, progress, cache } = bench;
  progress.part(`a store of ${clients} clients`);
  const store = await filledStore(cache, clients, (batch) => progress.step(batch / fillRate));
  progress.part(`a registry of ${clients} clients, asked by a ${law} law`);
  const launch = (port: number) => serve(store, port);
  const options = { launch, asker: numberedClient(0) };
  const starts: number[] = [];
  for (let round = 1; round < (law === "uniform" ? scale.starts : 0); round++) {
    await using once = await startContender(carnet, options);
    starts.push(once.timeToFirstToken ?? Number.NaN);
    progress.step(1);
  }
  const server = await startContender(carnet, options);
  starts.push(server.timeToFirstToken ?? Number.NaN);
  const pace = { kind: "closed", connections: capacityConnections } as const;
  const eachOnce =
    law === "uniform"
      ? await measureSlice(server, generator, {
          pace,
          callers: { kind: "registry", size: clients, draw: "each-once" },
          warmup: 0,
          measure: { answers: clients },
        })
      : undefined;
  if (law === "uniform") progress.step(clients / askRate);
  const callers: Callers = { kind: "registry", size: clients, draw: law };
  await measureSlice(server, generator, { pace, callers, warmup: 0, measure: { seconds: scale.firstWarmup } });
  const result: Measured = { clients, law, starts, eachOnce, slices: [] };
  return { server, result };
}

async function measureInTurns(
  { scale, generator, progress }: Bench,
  running: readonly { readonly server: RunningContender; readonly result: Measured }[],
): Promise<void> {
  progress.part("registries in turns");
  for (let round = 0; round < scale.rounds; round++) {
    for (const { server, result } of running) {
      const callers: Callers = { kind: "registry", size: result.clients, draw: result.law };
      const pace = { kind: "closed", connections: capacityConnections } as const;
      const { warmup, slice } = scale;
      result.slices.push(await measureSlice(server, generator, { pace, callers, warmup, measure: { seconds: slice } }));
      progress.step(warmup + slice, `${result.clients} clients, ${result.law}`);
    }
  }
}
