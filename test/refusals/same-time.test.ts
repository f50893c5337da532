import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import {
  identityOf,
  type MakeRequest,
  mistakenIdentities,
  oneHashMore,
  RefusalTimer,
  refusedIdentities,
  tStatistic,
} from "./refusal-times.ts";
import { replacePepper } from "./two-peppers.ts";

/** In total, over all identities. `npm run soak` takes over a million. */
const samples = Number(process.env["REFUSAL_SAMPLES"] ?? 12_000);
const bound = 4.5;

let service: TestService;
let identities: Readonly<Record<string, MakeRequest>>;
let mistaken: Readonly<Record<string, MakeRequest>>;
before(async () => {
  service = await startTestService({ log: "discard" });
  identities = await refusedIdentities(service);
  mistaken = await mistakenIdentities(service);
});
after(() => service[Symbol.asyncDispose]());

/**
 * Times rounds in which each identity has one turn, in an order drawn anew. A turn is a number of requests one after the
 * other and counts as one sample, their median: what one identity leaves in a cache then helps itself only.
 */
async function timeInTurns(
  makers: Readonly<Record<string, MakeRequest>>,
  {
    rounds,
    requestsPerTurn,
    url = service.url,
  }: { readonly rounds: number; readonly requestsPerTurn: number; readonly url?: string },
): Promise<Readonly<Record<string, readonly number[]>>> {
  using timer = new RefusalTimer(url);
  const times = new Map(Object.keys(makers).map((name): [string, number[]] => [name, []]));
  const warmUp = Math.ceil(rounds / 10);
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, make] of shuffled(Object.entries(makers))) {
      const turn: number[] = [];
      for (let request = 0; request < requestsPerTurn; request++) turn.push(await timer.time(make()));
      if (round >= 0) times.get(name)?.push(median(turn));
    }
  }
  return Object.fromEntries([...times].map(([name, own]) => [name, withoutInterruptions(own)]));
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Drops the slowest tenth, which the garbage collector and other processes interrupted. */
const withoutInterruptions = (values: readonly number[]): readonly number[] =>
  values.toSorted((left, right) => left - right).slice(0, Math.ceil(values.length * 0.9));

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ item }) => item);
}

/** The greatest |t| between any two of them, and a line for each pair. */
function compare(times: Readonly<Record<string, readonly number[]>>) {
  const names = Object.keys(times);
  const pairs = names.flatMap((left, at) => names.slice(at + 1).map((right) => ({ left, right })));
  const compared = pairs.map((pair) => ({ ...pair, t: tStatistic(times[pair.left] ?? [], times[pair.right] ?? []) }));
  return {
    worst: Math.max(...compared.map(({ t }) => Math.abs(t))),
    summary: compared.map(({ left, right, t }) => `${left} / ${right}: t = ${t.toFixed(2)}`).join("\n"),
  };
}

suite("The time of a refusal", () => {
  for (const [how, requestsPerTurn] of [
    ["interleaved", 1],
    ["in runs of one identity", 25],
  ] as const) {
    test(`tells no identity from another, ${how}`, async (context) => {
      const rounds = Math.ceil(samples / 2 / 4 / requestsPerTurn);
      const { worst, summary } = compare(await timeInTurns(identities, { rounds, requestsPerTurn }));
      context.diagnostic(summary);
      assert.ok(worst < bound, summary);
    });

    test(`would show one hash and one probe more, ${how}`, async (context) => {
      const rounds = Math.ceil(samples / 4 / 2 / requestsPerTurn);
      let seen = compare(await timeInTurns(oneHashMore("unknown"), { rounds, requestsPerTurn }));
      // A busy machine adds noise, against which only more samples help
      for (let factor = 2; seen.worst < bound && factor <= 32; factor *= 2)
        seen = compare(await timeInTurns(oneHashMore("unknown"), { rounds: factor * rounds, requestsPerTurn }));
      context.diagnostic(seen.summary);
      assert.ok(seen.worst > bound, seen.summary);
    });
  }

  test("tells no identity from another while secrets move to another pepper, nor where a secret is", async (context) => {
    const clock = new FixedClock("2026-06-01T00:00:00Z");
    await using rotating = await startTestService({ log: "discard", clock });
    const old = await refusedIdentities(rotating);
    await replacePepper(rotating, clock);
    const moved = { "under the new pepper": await identityOf(rotating, "an-id-of-equal-length-5") };
    const rounds = Math.ceil(samples / 2 / 5);
    const makers = { ...old, ...moved };
    const { worst, summary } = compare(await timeInTurns(makers, { rounds, requestsPerTurn: 1, url: rotating.url }));
    context.diagnostic(summary);
    assert.ok(worst < bound, summary);
  });

  // Not whether a mistake was found: only a caller with the right secret can make one, and learns nothing new
  test("tells no identity from another by a mistake that is looked for in vain", async (context) => {
    const rounds = Math.ceil(samples / 2 / 2);
    const { worst, summary } = compare(await timeInTurns(mistaken, { rounds, requestsPerTurn: 1 }));
    context.diagnostic(summary);
    assert.ok(worst < bound, summary);
  });
});
