import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** V8 doubles a semi-space until it exceeds this, so it stops at 8 MiB: a young generation of 16 MiB. */
const maxSemiSpaceBytes = 7 * 1024 * 1024;

/** How much the old generation may grow before the next collection. V8's default is about 100 percent. */
const heapGrowingPercent = 20;

/**
 * Limits the garbage on the heap. A young generation above 16 MiB did not make tokens cheaper when measured. The old
 * generation is collected often because records of last use are promoted by the thousand and then die. Flags that the
 * user gave to Node win.
 */
export function boundHeap(): void {
  const options = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""];
  const isSet = (name: RegExp): boolean => options.some((option) => name.test(option));
  // V8 can decide to allocate objects of a request directly in the old generation. Everything that they refer to then
  // survives until the next full collection. Half of the processes did so, and spent a fifth more CPU on each token
  if (!isSet(/pretenuring/)) setFlagsFromString("--no-allocation-site-pretenuring");
  if (!isSet(/heap[-_]growing/)) setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  // V8 resizes the young generation after collections, in both directions, so check after each one.
  if (!isSet(/semi[-_]space/)) new PerformanceObserver(boundYoungHeap).observe({ entryTypes: ["gc"] });
}

function boundYoungHeap(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  const half = (young?.space_used_size ?? 0) + (young?.space_available_size ?? 0);
  setFlagsFromString(`--semi-space-growth-factor=${half < maxSemiSpaceBytes ? 2 : 1}`);
}
