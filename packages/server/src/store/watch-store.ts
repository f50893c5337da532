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
    insert: (clients, answer) => watched(() => store.insert(clients, answer)),
    replace: (next, answer) => watched(() => store.replace(next, answer)),
    delete: (client) => watched(() => store.delete(client)),
    search: (query) => watched(() => store.search(query)),
    keepUses: (uses) => watched(() => store.keepUses(uses)),
    async check() {
      if (damage !== undefined) throw damage;
      await watched(() => store.find(undefined));
    },
  };
}
