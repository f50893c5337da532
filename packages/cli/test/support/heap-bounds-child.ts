import { setImmediate as endOfTurn } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { boundHeap } from "../../src/heap-bounds.ts";

/**
 * Allocates objects that survive for a while or long enough to be promoted, then prints the final size of the young
 * generation and the largest size of the old one, in bytes.
 */
const [bounded, living] = process.argv.slice(2);
if (bounded === "bounded") boundHeap();
const alive: object[] = [];
const howMany = living === "short" ? 20_000 : 200_000;
let mostOld = 0;
for (let made = 0; made < 4_000_000; made++) {
  alive[made % howMany] = { made, list: [made] };
  if (made % 1000 !== 0) continue;
  await endOfTurn(); // Yields like a service's event loop, so that each collection is observed separately.
  mostOld = Math.max(mostOld, sizeOf("old_space"));
}
console.log(JSON.stringify({ young: sizeOf("new_space"), old: mostOld }));

function sizeOf(space: string): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === space)?.space_size ?? 0;
}
