import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Bytes of one of the two halves of the young heap: a little less than the eight mebibytes where it then stops. */
const enoughForTheYoung = 7 * 1024 * 1024;

/** In percent of what is in use, before it is looked for again. */
const garbageAmongTheOld = 20;

/**
 * Keeps the heap from holding more garbage than saves time. The part where what dies young lies stops growing at some
 * sixteen megabytes: with twice as many, a token took the main thread no less time. What has got old is looked through
 * when it has grown by a fifth, and not when it has doubled: the last uses of secrets get old by the thousand and die.
 * Sets neither where Node was told it.
 */
export function boundHeap(): void {
  const options = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""];
  const isTold = (name: RegExp): boolean => options.some((option) => name.test(option));
  if (!isTold(/heap[-_]growing/)) setFlagsFromString(`--heap-growing-percent=${garbageAmongTheOld}`);
  // It grows by a step after a collection, if at all, and shrinks as well, in a quiet hour
  if (!isTold(/semi[-_]space/)) new PerformanceObserver(boundYoungHeap).observe({ entryTypes: ["gc"] });
}

function boundYoungHeap(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  const half = (young?.space_used_size ?? 0) + (young?.space_available_size ?? 0);
  setFlagsFromString(`--semi-space-growth-factor=${half < enoughForTheYoung ? 2 : 1}`);
}
