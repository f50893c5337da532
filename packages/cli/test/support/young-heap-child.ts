import { setTimeout as pause } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { boundYoungHeap } from "../../src/young-heap.ts";

/** Prints how many bytes the young heap has after much of what is made has lived on for a while. */
if (process.argv[2] === "bounded") boundYoungHeap();
const living: object[] = [];
for (let round = 0; round < 200; round++) {
  for (let made = 0; made < 20_000; made++) living[made % 20_000] = { made, list: [made] };
  await pause(5);
}
console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size);
