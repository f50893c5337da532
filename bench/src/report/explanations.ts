import type { Slice } from "../modes/slice.ts";
import { recordsCategory } from "../profile/categories.ts";
import type { ProfileShare } from "../profile/shares.ts";
import type { AllResults } from "../results.ts";
import { medianOf, ratiosOf } from "../statistics.ts";
import { megabytes, milliseconds, percent } from "./format.ts";
import { cpu, slicesAt } from "./issuing-section.ts";

/** Work that the floor does too. */
const sharedWithFloor = [
  "signing (ES256)",
  "writing to the socket",
  "node:http, streams and sockets",
  "native code",
  "garbage collection",
];

/** Explains with figures of the same run and the profile why goals are not reached. */
export function explanationsOf({ issuing, profile }: AllResults) {
  const contender = (name: string) => issuing?.results.find((result) => result.name === name);
  const tokens = profile?.results.tokens.shares ?? [];
  const start = profile?.results.start.shares ?? [];
  const floor = contender("floor");
  const floorAt70 = contender("floor")?.open.find(({ share, arrivals }) => share === 0.7 && arrivals === "even");
  const oursAt70 = contender("carnet")?.open.find(({ share, arrivals }) => share === 0.7 && arrivals === "even");
  const tail = (slices: readonly Slice[] | undefined) =>
    milliseconds(medianOf((slices ?? []).map((slice) => slice.p99)));
  const floorCpu = ratiosOf(cpu(slicesAt(floor)), cpu(slicesAt(contender("oidc-provider")))).median;
  const ourCpu = ratiosOf(cpu(slicesAt(contender("carnet"))), cpu(slicesAt(contender("oidc-provider")))).median;
  return {
    floor: `of the main thread's time, ${percent(sumOf(tokens, sharedWithFloor))} is work that the floor does too. The rest: ${listed(tokens.filter(({ name }) => !sharedWithFloor.includes(name)))}`,
    cpu: `the floor, which checks nothing, is at ${percent(floorCpu)} itself. That leaves ${percent(1 / 3 - floorCpu)} for checks, claims, records and everything else, which take ${percent(ourCpu - floorCpu)}`,
    latency: `the floor's p99 is ${tail(floorAt70?.slices)} in the same turns, Carnet's is ${tail(oursAt70?.slices)}`,
    idle: `the floor takes ${megabytes(medianOf(floor?.idle ?? []))}, and with Fastify ${megabytes(medianOf(contender("fastify-floor")?.idle ?? []))}`,
    start: `where the time goes: ${listed(start.slice(0, 4))}`,
    recording: `of the main thread's time, ${percent(sumOf(tokens, [recordsCategory]))} is recording events, with one write per turn of the event loop`,
  };
}

const sumOf = (shares: readonly ProfileShare[], names: readonly string[]): number =>
  shares.filter(({ name }) => names.includes(name)).reduce((sum, { share }) => sum + share, 0);

const listed = (shares: readonly ProfileShare[]): string =>
  shares
    .filter(({ share }) => share >= 0.005)
    .map(({ name, share }) => `${name} ${percent(share)}`)
    .join(", ");
