import { getHeapSpaceStatistics } from "node:v8";
import { keepYoungHeapSmall } from "../../src/young-heap.ts";

/** Prints how many bytes the young heap has after much of what is made has lived on for a while. */
if (process.argv[2] === "small") keepYoungHeapSmall();
const living: object[] = [];
for (let made = 0; made < 3_000_000; made++) living[made % 20_000] = { made, list: [made] };
console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size);
