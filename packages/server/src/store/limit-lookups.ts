import { StoreUnavailable } from "./store-unavailable.ts";
import type { WatchedStore } from "./watch-store.ts";

/**
 * Bounds the look-ups of secrets at a time, because any stranger can cause them. Otherwise they could take all connections
 * from the change feed, and disabled clients would get tokens for as long as the flood lasts.
 */
export function limitLookups(store: WatchedStore, most: number): WatchedStore {
  let lookups = 0;
  const limited = async <Value>(lookUp: () => Promise<Value>): Promise<Value> => {
    if (lookups >= most)
      throw new StoreUnavailable(
        `${most} look-ups of secrets are in progress: raise CARNET_STORE_CONNECTIONS, or find out who sends so many unknown credentials with \`carnet audit search\`.`,
      );
    lookups++;
    return lookUp().finally(() => lookups--);
  };
  return {
    ...store,
    findBySecret: (digest) => limited(() => store.findBySecret(digest)),
    identify: (digest) => limited(() => store.identify(digest)),
  };
}
