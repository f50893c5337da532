import { setTimeout as pause } from "node:timers/promises";
import type { Contender } from "../contenders/contender.ts";
import type { TokenSeen } from "../processes/first-token.ts";
import { type RunningContender, startContender } from "../processes/running-contender.ts";
import { readUsage } from "../processes/usage.ts";
import { medianOf } from "../statistics.ts";
import type { Bench, Mode } from "./mode.ts";
import { Participants } from "./participants.ts";
import { measureSlice, type Slice } from "./slice.ts";

/** The results of one contender. Lists have one entry per round. */
export interface IssuingResult {
  readonly name: string;
  readonly title: string;
  readonly settings: string;
  readonly version: string;
  /** Undefined if it did not start. */
  readonly token: TokenSeen | undefined;
  /** Why it dropped out. It has figures only of the parts that it completed. */
  readonly failure: string | undefined;
  /** Milliseconds. Empty if it was already running. */
  readonly starts: readonly number[];
  /** Resident bytes shortly after the first token. */
  readonly idle: readonly number[];
  readonly closed: readonly ClosedLoop[];
  readonly open: readonly OpenLoop[];
}

export interface ClosedLoop {
  readonly connections: number;
  readonly slices: readonly Slice[];
}

export interface OpenLoop {
  /** The share of its own capacity. */
  readonly share: number;
  readonly arrivals: "even" | "poisson";
  /** Requests per second in each round. */
  readonly rates: readonly number[];
  readonly slices: readonly Slice[];
}

/** Capacity is measured with this many connections, enough to saturate every contender. */
export const capacityConnections = 32;
const openConnections = 64;

/** Capacity for the open loop: measured with the open-loop generator, because that takes more CPU than a closed loop. */
const atCapacity = {
  kind: "open",
  connections: capacityConnections,
  rate: Number.POSITIVE_INFINITY,
  arrivals: "even",
} as const;

export const issuing: Mode<readonly IssuingResult[]> = {
  name: "issuing",
  about: "tokens for one client",
  estimate(scale, contenders) {
    const closed = scale.connections.length * scale.rounds * (scale.slice + scale.warmup) + scale.firstWarmup;
    const turn = scale.capacity + scale.openSlice + 2 * scale.warmup;
    const open = (scale.openShares.length + 1) * scale.openRounds * turn;
    return contenders * (closed + open + scale.starts * (scale.idle + 1));
  },
  async measure(bench) {
    const participants = new Participants();
    const starts = await measureStarts(bench, participants);
    const running = await startAll(bench, participants);
    try {
      const closed = await measureClosedLoops(bench, participants, running);
      const open = await measureOpenLoops(bench, participants, running);
      return bench.contenders.map((contender) => ({
        name: contender.name,
        title: contender.title,
        settings: contender.settings,
        version: contender.version,
        token: running.find((one) => one.contender === contender)?.token,
        failure: participants.failureOf(contender),
        ...(starts.get(contender) ?? { starts: [], idle: [] }),
        closed: closed.get(contender) ?? [],
        open: open.get(contender) ?? [],
      }));
    } finally {
      await Promise.all(running.map((one) => one.stop()));
    }
  },
};

type Starts = Pick<IssuingResult, "starts" | "idle">;

async function measureStarts(
  { contenders, scale, progress }: Bench,
  participants: Participants,
): Promise<Map<Contender, Starts>> {
  const seen = new Map(contenders.map((contender) => [contender, { starts: [] as number[], idle: [] as number[] }]));
  progress.part("start to first token");
  for (let round = 0; round < scale.starts; round++) {
    for (const [contender, { starts, idle }] of seen) {
      await participants.attempt(contender, async () => {
        await using running = await startContender(contender, { patience: scale.patience });
        if (running.timeToFirstToken === undefined) return;
        starts.push(running.timeToFirstToken);
        await pause(scale.idle * 1000);
        idle.push(readUsage(running.pids).resident);
      });
      progress.step(scale.idle + 1, contender.title);
    }
  }
  return seen;
}

/** Starts Carnet first, because the floor matches the size of its response. */
async function startAll(
  { contenders, scale: { patience } }: Bench,
  participants: Participants,
): Promise<readonly RunningContender[]> {
  const running: RunningContender[] = [];
  for (const contender of contenders) {
    const options = { answerBytes: running[0]?.token.bytes ?? 0, patience };
    const started = await participants.attempt(contender, () => startContender(contender, options));
    if (started !== undefined) running.push(started);
  }
  return running;
}

async function measureClosedLoops(
  { scale, generator, progress }: Bench,
  participants: Participants,
  running: readonly RunningContender[],
): Promise<Map<Contender, ClosedLoop[]>> {
  const loops = new Map(running.map(({ contender }) => [contender, [] as ClosedLoop[]]));
  for (const [index, connections] of scale.connections.entries()) {
    progress.part(`closed loop, ${connections} connections`);
    const slices = new Map(running.map((one) => [one, [] as Slice[]]));
    for (let round = 0; round < scale.rounds; round++) {
      for (const [one, list] of slices) {
        const warmup = index === 0 && round === 0 ? scale.firstWarmup : scale.warmup;
        const pace = { kind: "closed", connections } as const;
        const options = { pace, warmup, measure: { seconds: scale.slice } };
        await participants.attempt(one.contender, async () => {
          list.push(await measureSlice(one, generator, options));
        });
        progress.step(warmup + scale.slice, one.contender.title);
      }
    }
    for (const [{ contender }, list] of slices) {
      if (list.length === scale.rounds) loops.get(contender)?.push({ connections, slices: list });
    }
  }
  return loops;
}

async function measureOpenLoops(
  { scale, generator, progress }: Bench,
  participants: Participants,
  running: readonly RunningContender[],
): Promise<Map<Contender, OpenLoop[]>> {
  const loops = new Map(running.map(({ contender }) => [contender, [] as OpenLoop[]]));
  const steps = [
    ...scale.openShares.map((share) => ({ share, arrivals: "even" as const })),
    { share: 0.7, arrivals: "poisson" as const },
  ];
  const { warmup } = scale;
  for (const { share, arrivals } of steps) {
    progress.part(`open loop, ${share * 100} % of capacity, ${arrivals} arrivals`);
    const turns = new Map(running.map((one) => [one, { rates: [] as number[], slices: [] as Slice[] }]));
    for (let round = 0; round < scale.openRounds; round++) {
      for (const [one, { rates, slices }] of turns) {
        await participants.attempt(one.contender, async () => {
          // Measured again before each slice, because capacity drifts on a shared machine.
          const measure = { seconds: scale.capacity };
          const capacity = await measureSlice(one, generator, { pace: atCapacity, warmup, measure });
          const rate = share * capacity.rate;
          const pace = { kind: "open", connections: openConnections, rate, arrivals } as const;
          slices.push(await measureSlice(one, generator, { pace, warmup, measure: { seconds: scale.openSlice } }));
          rates.push(rate);
        });
        progress.step(scale.capacity + scale.openSlice + 2 * warmup, one.contender.title);
      }
    }
    for (const [{ contender }, turn] of turns) {
      if (turn.rates.length === scale.openRounds) loops.get(contender)?.push({ share, arrivals, ...turn });
    }
  }
  return loops;
}

/** A contender's capacity in tokens per second. */
export function capacityOf(loops: readonly ClosedLoop[]): number {
  const loop = loops.find(({ connections }) => connections === capacityConnections);
  return medianOf(loop?.slices.map(({ rate }) => rate) ?? []);
}
