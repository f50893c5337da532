import { setImmediate as endOfTurn } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { boundHeap } from "../../src/heap-bounds.ts";

/**
 * Makes much that lives on for a while, or for so long that it gets old, and prints how many bytes the young heap has at
 * the end and the old one has had at the most.
 */
const [bounded, living] = process.argv.slice(2);
if (bounded === "bounded") boundHeap();
const alive: object[] = [];
const howMany = living === "short" ? 20_000 : 200_000;
let mostOld = 0;
for (let made = 0; made < 4_000_000; made++) {
  alive[made % howMany] = { made, list: [made] };
  if (made % 1000 !== 0) continue;
  await endOfTurn(); // as often as a service's event loop turns, so that no two collections come in one
  mostOld = Math.max(mostOld, sizeOf("old_space"));
}
console.log(JSON.stringify({ young: sizeOf("new_space"), old: mostOld }));

function sizeOf(space: string): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === space)?.space_size ?? 0;
}
