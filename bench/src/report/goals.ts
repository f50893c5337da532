import type { RecordingLoad } from "../modes/recording.ts";
import type { AllResults } from "../results.ts";
import { scales } from "../scale.ts";
import { medianOf, ratiosOf, type Spread, spreadOf } from "../statistics.ts";
import { explanationsOf } from "./explanations.ts";
import { figure, known, megabytes, percent, table, withSpread } from "./format.ts";
import { cpu, rates, slicesAt } from "./issuing-section.ts";
import { figuresOf, shareOfGain } from "./processes-sections.ts";

/** A goal and the figure that was measured for it. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: number;
  readonly text: (value: number) => string;
  readonly reached: (value: number) => boolean;
  /** Why it is not reached, if it is not. */
  readonly explanation: string;
}

const atLeast = (limit: number) => (value: number) => value >= limit;
const atMost = (limit: number) => (value: number) => value <= limit;

const mostOf = (values: readonly number[]): number => (values.length === 0 ? Number.NaN : Math.max(...values));

/** A share measured round by round. */
const shareOf = (spread: Spread) => ({ measured: spread.median, text: () => withSpread(spread, percent) });

/** A ratio measured round by round. */
const timesOf = (spread: Spread) => ({
  measured: spread.median,
  text: () => withSpread(spread, (ratio) => figure(ratio, "×")),
});

/** The goals for which there are results. None unless all results are from full runs, because smaller ones are too noisy. */
export function goalsOf(results: AllResults): readonly Goal[] {
  if (Object.values(results).some(({ scale }) => scale !== "full")) return [];
  const goals = [issuingGoals, processesGoals, otherGoals, registryGoals, guardGoals].flatMap((part) => part(results));
  return goals.filter(({ measured }) => !Number.isNaN(measured));
}

/** The table of goals and measured figures. */
export function goalsTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, goal, measured, text, reached, explanation }) => {
    const isReached = reached(measured);
    return [what, goal, text(measured), isReached ? "yes" : "**no**", isReached ? "" : explanation];
  });
  const note =
    "Shares are medians over the rounds, with quartiles in brackets. If a quartile is on the other side of the goal, another run could give another verdict.";
  return `${table(["figure", "goal", "measured", "reached", "why not"], rows)}\n\n${note}`;
}

function issuingGoals(results: AllResults): readonly Goal[] {
  const { issuing } = results;
  const explanations = explanationsOf(results);
  const of = (name: string) => issuing?.results.find((result) => result.name === name);
  const ours = of("carnet");
  const p99At70 = (name: string) =>
    of(name)
      ?.open.find(({ share, arrivals }) => share === 0.7 && arrivals === "even")
      ?.slices.map(({ p99 }) => p99) ?? [];
  return [
    {
      what: "CPU per token relative to the floor, 32 connections",
      goal: "at most 1.25 times",
      ...timesOf(ratiosOf(cpu(slicesAt(ours)), cpu(slicesAt(of("floor"))))),
      reached: atMost(1.25),
      explanation: explanations.floor,
    },
    {
      what: "CPU per token relative to node-oidc-provider (JWT)",
      goal: "at most a third",
      ...shareOf(ratiosOf(cpu(slicesAt(ours)), cpu(slicesAt(of("oidc-provider"))))),
      reached: atMost(1 / 3),
      explanation: explanations.cpu,
    },
    {
      what: "p99 at 70 % of capacity relative to the floor's in the same turns",
      goal: "at most 1.5 times",
      ...timesOf(ratiosOf(p99At70("carnet"), p99At70("floor"))),
      reached: atMost(1.5),
      explanation: explanations.latency,
    },
    {
      what: "memory, idle",
      goal: "at most 110 MB",
      measured: medianOf(ours?.idle ?? []),
      text: megabytes,
      reached: atMost(110e6),
      explanation: explanations.idle,
    },
    {
      what: "start to first token, empty store",
      goal: "at most 0.5 s",
      measured: medianOf(ours?.starts ?? []),
      text: () => withSpread(spreadOf(ours?.starts ?? []), (value) => `${Math.round(value)} ms`),
      reached: atMost(500),
      explanation: explanations.start,
    },
  ];
}

function processesGoals({ workers, stores }: AllResults): readonly Goal[] {
  const rateOf = (name: string) => rates(figuresOf(stores?.results, name));
  return [
    {
      what: "what a second worker gains, relative to what a second process of the floor gains",
      goal: "at least 90 %",
      ...shareOf(shareOfGain(workers?.results)),
      reached: atLeast(0.9),
      explanation: "see the table of workers",
    },
    {
      what: "throughput with PostgreSQL relative to SQLite",
      goal: "at least 97 %",
      ...shareOf(ratiosOf(rateOf("carnet-postgres"), rateOf("carnet"))),
      reached: atLeast(0.97),
      explanation: "see the table of stores",
    },
  ];
}

function recordingGoals({ connections, recorded, strict, unrecorded }: RecordingLoad, why: string): readonly Goal[] {
  const cost = spreadOf(rates(unrecorded).map((rate, round) => 1 - (rates(recorded)[round] ?? 0) / rate));
  const strictShare = ratiosOf(rates(strict), rates(unrecorded));
  return [
    {
      what: `cost of recording each token, ${connections} connections`,
      goal: "at most 5 % of throughput",
      measured: cost.median,
      text: () => withSpread(cost, percent),
      reached: atMost(0.05),
      explanation: why,
    },
    {
      what: `throughput kept when the journal is synced before each answer, ${connections} connections`,
      goal: "at least 80 %",
      measured: strictShare.median,
      text: () => withSpread(strictShare, percent),
      reached: atLeast(0.8),
      explanation: "each answer waits for a sync of the disk, and few callers share one",
    },
  ];
}

function otherGoals(results: AllResults): readonly Goal[] {
  const { recording, refusals } = results;
  const { tokens = [], wrongSecrets = [], unknownClients = [] } = refusals?.results ?? {};
  const refusal = (slices: typeof tokens) => ratiosOf(cpu(slices), cpu(tokens)).median;
  return [
    ...(recording?.results ?? []).flatMap((load) => recordingGoals(load, explanationsOf(results).recording)),
    {
      what: "CPU per refusal relative to a token",
      goal: "at most 100 %",
      measured: Math.max(refusal(wrongSecrets), refusal(unknownClients)),
      text: percent,
      reached: atMost(1),
      explanation:
        "each refusal reads the store, so that no decision is based on stale data and all refusals take the same work",
    },
  ];
}

function registryGoals({ registry }: AllResults): readonly Goal[] {
  const big = scales.full.registrySizes.at(-1) ?? 0;
  const of = (clients: number, distribution: string) =>
    registry?.results.find((result) => result.clients === clients && result.distribution === distribution);
  const ratio = (distribution: string) =>
    ratiosOf(rates(of(big, distribution)?.slices ?? []), rates(of(10, distribution)?.slices ?? []));
  const uniform = of(big, "uniform");
  const atScale =
    "a row for each used secret and one for the usage of each client are written every few seconds, and a million clients do not fit in the processor's caches";
  return [
    {
      what: "throughput with 1 million clients relative to 10, Zipf",
      goal: "at least 90 %",
      ...shareOf(ratio("zipf")),
      reached: atLeast(0.9),
      explanation: atScale,
    },
    {
      what: "throughput with 1 million clients relative to 10, uniform",
      goal: "at least 70 %",
      ...shareOf(ratio("uniform")),
      reached: atLeast(0.7),
      explanation: atScale,
    },
    {
      what: "memory with 1 million clients under uniform load, maximum of all rounds",
      goal: "at most 300 MB",
      measured: mostOf(known(uniform?.slices.map(({ resident }) => resident) ?? [])),
      text: megabytes,
      reached: atMost(300e6),
      explanation:
        "a million packed clients and their index take 115 MB; the rest is what the service takes with one client, and last uses and usage that are not written yet",
    },
    {
      what: "start to first token with 1 million clients",
      goal: "at most 0.7 s",
      measured: medianOf(uniform?.starts ?? []),
      text: (value) => `${Math.round(value)} ms`,
      reached: atMost(700),
      explanation: "see the start with an empty store",
    },
  ];
}

function guardGoals({ guard }: AllResults): readonly Goal[] {
  const ours = guard?.results.verifiers[0];
  const ratio = ratiosOf(ours?.uncached.cpu ?? [], guard?.results.bare.cpu ?? []);
  const cached = spreadOf(ours?.cached?.cpu ?? []);
  return [
    {
      what: "CPU of verifying a new token relative to the bare signature check",
      goal: "at most 1.2 times",
      ...timesOf(ratio),
      reached: atMost(1.2),
      explanation:
        "decoding the token, hashing its id, checking its claims and collecting the garbage of it take the rest",
    },
    {
      what: "CPU of verifying a token in the guard's cache",
      goal: "at most 2 µs",
      measured: cached.median,
      text: () => withSpread(cached, (value) => figure(value, " µs")),
      reached: atMost(2),
      explanation: "hashing the token's text to find it, and the promise of each call, take most of it",
    },
  ];
}
