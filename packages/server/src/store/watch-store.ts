import type { ClientStore } from "@carnet/core/client/client-store";
import { SingleFlight } from "../single-flight.ts";
import { type Around, aroundStore } from "./around-store.ts";
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
  const watch: Around = async (_operation, act) => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof DamagedStore) damage = error;
      throw error;
    }
  };
  // Shared, because any stranger can send probes
  const read = new SingleFlight(() => watch("check", () => store.findBySecret(new Uint8Array(32))));
  return {
    ...aroundStore(store, watch),
    async check() {
      if (damage !== undefined) throw damage;
      await read.run();
    },
  };
}
