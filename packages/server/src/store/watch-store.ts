import type { ClientStore } from "@carnet/core/client/client-store";
import { DamagedStore } from "./damaged-store.ts";

/** A store that remembers whether it is damaged. */
export interface WatchedStore extends ClientStore {
  /** Reads from the store, once for all calls at the same time. Throws any fault, and any damage since the start. */
  check(): Promise<void>;
}

/**
 * Remembers damage, because a later read of an undamaged page would report the store as healthy again. Does not look
 * for damage itself.
 */
export function watchStore(store: ClientStore): WatchedStore {
  let damage: DamagedStore | undefined;
  let checking: Promise<unknown> | undefined;
  const watch = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof DamagedStore) damage = error;
      throw error;
    }
  };
  return {
    find: (clientId) => watch(() => store.find(clientId)),
    findBySecret: (digest) => watch(() => store.findBySecret(digest)),
    identify: (digest) => watch(() => store.identify(digest)),
    insert: (clients, change) => watch(() => store.insert(clients, change)),
    replace: (next, change) => watch(() => store.replace(next, change)),
    delete: (client, change) => watch(() => store.delete(client, change)),
    search: (query) => watch(() => store.search(query)),
    recordUses: (uses) => watch(() => store.recordUses(uses)),
    async check() {
      if (damage !== undefined) throw damage;
      // Shared, because any stranger can send probes
      checking ??= watch(() => store.findBySecret(new Uint8Array(32))).finally(() => (checking = undefined));
      await checking;
    },
  };
}
