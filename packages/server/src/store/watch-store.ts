import type { ClientStore } from "@carnet/core/client/client-store";
import { DamagedStore } from "./damaged-store.ts";

/** A store that knows whether it is sound. */
export interface WatchedStore extends ClientStore {
  /** Reads from the store. Throws what keeps it from answering, and any damage that was met since the start. */
  check(): Promise<void>;
}

/**
 * Remembers damage: a reading that misses the damaged place would call the store sound again. Does not look for damage
 * where nobody reads.
 */
export function watchStore(store: ClientStore): WatchedStore {
  let damage: DamagedStore | undefined;
  const watched = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof DamagedStore) damage = error;
      throw error;
    }
  };
  return {
    find: (clientId) => watched(() => store.find(clientId)),
    insert: (client) => watched(() => store.insert(client)),
    list: (page) => watched(() => store.list(page)),
    async check() {
      if (damage !== undefined) throw damage;
      await watched(() => store.find(undefined));
    },
  };
}
