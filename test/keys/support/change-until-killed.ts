// Changes the signing keys in a folder's store until it is killed. Prints each time, and the id of the event of each stored
// change. Its clock starts at a given time and jumps, so that keys come into every state.
import { writeSync } from "node:fs";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { OpenKeys } from "./open-keys.ts";

/** From a millisecond to more than a day. */
const jumps = [1, 60_000, 1_600_000, 40_000_000, 100_000_000] as const;

const [folder = "", start, seed] = process.argv.slice(2);
let now = Number(start);
const random = new SeededRandom(Number(seed));
writeSync(1, "loaded\n");
const keys = await OpenKeys.open(folder, {}, { now: () => now });
const print = (line: string) => writeSync(1, `${line}\n`);
for (;;) {
  now += jumps[random.below(jumps.length)] ?? 1;
  print(`${now}`);
  const all = await keys.list();
  const { keyId = "" } = all[random.below(all.length)] ?? {};
  const act = [
    () => keys.rotate(),
    () => keys.rotate({ now: true }),
    () => keys.retire(keyId),
    () => keys.revoke(keyId),
    () => keys.keep(print),
  ][random.below(5)];
  const change = await act?.();
  if (change !== undefined) print(change.event.id);
}
