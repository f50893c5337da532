import type { Slice } from "../modes/slice.ts";
import type { ProfileShare } from "../profile/shares.ts";
import type { AllKept } from "../results.ts";
import { medianOf, ratiosOf } from "../statistics.ts";
import { cpu, mainThread, slicesAt } from "./issuing-section.ts";
import { figure, megabytes, milliseconds, percent } from "./words.ts";

/** What of ours the floor does as well. */
const sharedWithFloor = [
  "signing (ES256)",
  "writing to the socket",
  "node:http, streams and sockets",
  "native code outside of JavaScript",
  "garbage collection",
];

/** What stands in the way of the goals, in figures of the same run and the profile. */
export function hindrancesOf({ issuing, profile }: AllKept) {
  const contender = (name: string) => issuing?.results.find((result) => result.name === name);
  const tokens = profile?.results.tokens.shares ?? [];
  const start = profile?.results.start.shares ?? [];
  const floor = contender("floor");
  const p99 = contender("floor")?.open.find(({ share, arrivals }) => share === 0.7 && arrivals === "even");
  const oursAt70 = contender("carnet")?.open.find(({ share, arrivals }) => share === 0.7 && arrivals === "even");
  const tail = (slices: readonly Slice[] | undefined) =>
    milliseconds(medianOf((slices ?? []).map((slice) => slice.p99)));
  const floorLatency = medianOf((p99?.slices ?? []).map(({ p99, p50 }) => p99 / p50));
  const floorCpu = ratiosOf(cpu(slicesAt(floor)), cpu(slicesAt(contender("oidc-provider")))).median;
  const ourCpu = ratiosOf(cpu(slicesAt(contender("carnet"))), cpu(slicesAt(contender("oidc-provider")))).median;
  const generator = medianOf(slicesAt(contender("carnet")).map((slice) => slice.generator));
  return {
    throughput: `ours signs mostly on a second thread, so that its main thread has about as much to do as the floor's: that takes ${figure(medianOf(mainThread(slicesAt(floor))))} µs, ours ${figure(medianOf(mainThread(slicesAt(contender("carnet")))))} µs, and the second thread of ours shares ${issuing?.machine.cpus} processors with the load generator, which keeps ${percent(generator)} of one. By the profile ${percent(sumOf(tokens, sharedWithFloor))} of the main thread's time is work of kinds that the floor has too (${listed(tokens.filter(({ name }) => sharedWithFloor.includes(name)))}); the rest it leaves out: ${listed(tokens.filter(({ name }) => !sharedWithFloor.includes(name)))}`,
    cpu: `the floor, which checks nothing, is at ${percent(floorCpu)} itself, so checks, claims, records and all else may take ${percent(1 / 3 - floorCpu)} and take ${percent(ourCpu - floorCpu)}`,
    latency: `on this shared machine the floor, which does next to nothing, is at ${figure(floorLatency, "×")} in the same turns, with a p99 of ${tail(p99?.slices)} where ours has ${tail(oursAt70?.slices)}`,
    idle: `a process of Node that only answers, the floor, takes ${megabytes(medianOf(floor?.idle ?? []))}, one with Fastify ${megabytes(medianOf(contender("fastify-floor")?.idle ?? []))}`,
    start: `${listed(start.slice(0, 4))}`,
    recording: `${percent(sumOf(tokens, ["records: lines and their write"]))} of the main thread's time is writing lines, in one write for all that come in one turn of the event loop`,
  };
}

const sumOf = (shares: readonly ProfileShare[], names: readonly string[]): number =>
  shares.filter(({ name }) => names.includes(name)).reduce((sum, { share }) => sum + share, 0);

const listed = (shares: readonly ProfileShare[]): string =>
  shares
    .filter(({ share }) => share >= 0.005)
    .map(({ name, share }) => `${name} ${percent(share)}`)
    .join(", ");
