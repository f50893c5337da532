import { type Around, aroundStore } from "../store/around-store.ts";
import type { WatchedStore } from "../store/watch-store.ts";
import type { Tracing } from "../trace/tracing.ts";
import type { ServiceCounts } from "./service-counts.ts";

interface TimedStorePorts {
  readonly counts: Pick<ServiceCounts, "stopwatch" | "storeTimes" | "storeFailures">;
  readonly tracing: Pick<Tracing, "part">;
}

/** Measures and traces each use of a store of clients. */
export function timeStore(
  store: WatchedStore,
  { counts: { stopwatch, storeTimes, storeFailures }, tracing }: TimedStorePorts,
): WatchedStore {
  const timed: Around = async (operation, act) => {
    const startedAt = stopwatch();
    try {
      return await tracing.part(`store ${operation}`, act);
    } catch (error) {
      storeFailures.add(operation);
      throw error;
    } finally {
      storeTimes.observe(operation, (stopwatch() - startedAt) / 1000);
    }
  };
  return { ...aroundStore(store, timed), check: () => timed("check", () => store.check()) };
}
