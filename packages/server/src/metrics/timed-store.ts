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
  const timed = async <Value>(operation: string, act: () => Promise<Value>): Promise<Value> => {
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
  return {
    find: (clientId) => timed("find", () => store.find(clientId)),
    findBySecret: (digest) => timed("find_by_secret", () => store.findBySecret(digest)),
    identify: (digest) => timed("identify", () => store.identify(digest)),
    insert: (clients, change) => timed("insert", () => store.insert(clients, change)),
    replace: (next, change) => timed("replace", () => store.replace(next, change)),
    delete: (client, change) => timed("delete", () => store.delete(client, change)),
    search: (query) => timed("search", () => store.search(query)),
    recordUses: (uses) => timed("record_uses", () => store.recordUses(uses)),
    check: () => timed("check", () => store.check()),
  };
}
