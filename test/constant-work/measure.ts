import { randomInt } from "node:crypto";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import type { Case } from "./cases.ts";
import { median, shiftOf, standardError, superiority } from "./distributions.ts";

/** How one case's times lie to the first case's, which is the reference. */
export interface Comparison {
  readonly name: string;
  /** How much longer it took, as a fraction of the typical time. Negative: less long. */
  readonly shift: number;
  readonly standardError: number;
  /** The chance that it took longer than the reference, of two taken at random: one half where both are alike. */
  readonly superiority: number;
}

export interface Measurement {
  readonly comparisons: readonly Comparison[];
  /** Microseconds. */
  readonly typicalTime: number;
  readonly rounds: number;
}

/** Measured until each shift is known this well, or to a twentieth of itself; and never for more rounds than this. */
const precision = { standardError: 0.005, mostRounds: 12_000 } as const;
const roundsOfABatch = 250;
const leastBatches = 6;
const warmUp = 300;

/**
 * Times requests of all cases, one of each a round, in an order drawn anew each time. A time counts relative to the
 * median of its own round, so that the machine's better and worse moments cancel out. Goes on until the differences are
 * known well enough, which takes longer on a machine that is busy.
 */
export async function measure(cases: Readonly<Record<string, Case>>): Promise<Measurement> {
  const names = Object.keys(cases);
  const batches: Map<string, number[]>[] = [];
  const typical: number[] = [];
  for (let round = 0; round < warmUp; round++) await timeRound(cases);
  for (;;) {
    const batch = new Map(names.map((name): [string, number[]] => [name, []]));
    for (let round = 0; round < roundsOfABatch; round++) {
      const times = await timeRound(cases);
      const middle = median([...times.values()]);
      typical.push(middle);
      for (const [name, time] of times) batch.get(name)?.push(time / middle);
    }
    batches.push(batch);
    const comparisons = compare(names, batches);
    const rounds = batches.length * roundsOfABatch;
    if ((batches.length >= leastBatches && comparisons.every(isKnownWell)) || rounds >= precision.mostRounds)
      return { comparisons, typicalTime: median(typical), rounds };
  }
}

const isKnownWell = ({ shift, standardError }: Comparison): boolean =>
  standardError <= Math.max(precision.standardError, Math.abs(shift) / 20);

async function timeRound(cases: Readonly<Record<string, Case>>): Promise<Map<string, number>> {
  // The requests are made before any is timed, so that making them is no part of what is compared
  const requests = shuffled(Object.entries(cases)).map(([name, { ports, request }]) => ({
    name,
    ports,
    message: request(),
  }));
  const times = new Map<string, number>();
  for (const { name, message, ports } of requests) {
    const start = process.hrtime.bigint();
    const answer = await answerTokenRequest(message, ports);
    const end = process.hrtime.bigint();
    if (answer.status !== 401) throw new Error(`"${name}" was answered with ${answer.status}`);
    times.set(name, Number(end - start) / 1000);
  }
  return times;
}

function compare(names: readonly string[], batches: readonly Map<string, number[]>[]): Comparison[] {
  const [reference = ""] = names;
  const timesOf = (name: string) => batches.flatMap((batch) => batch.get(name) ?? []);
  return names.slice(1).map((name) => ({
    name,
    shift: shiftOf(timesOf(reference), timesOf(name)),
    standardError: standardError(batches.map((batch) => shiftOf(batch.get(reference) ?? [], batch.get(name) ?? []))),
    superiority: superiority(timesOf(reference), timesOf(name)),
  }));
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const drawn = items.map((item) => ({ item, place: randomInt(2 ** 32) }));
  return drawn.sort((left, right) => left.place - right.place).map(({ item }) => item);
}
