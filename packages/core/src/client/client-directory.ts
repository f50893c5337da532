import type { ClientId } from "@carnet/protocol/ids";
import type { ClientMemory } from "./client-memory.ts";
import type { ClientStore } from "./client-store.ts";
import type { ProvenSecret } from "./token-client.ts";

/** Finds clients by the digest of a secret: first in the memory of this process, then in the store. */
export class ClientDirectory {
  readonly #store: Pick<ClientStore, "findBySecret">;
  readonly #memory: ClientMemory;
  readonly #reads = new Map<string, Promise<ProvenSecret | undefined>>();
  /** Counts changes, so that a read which began before one is not cached after it. */
  #changes = 0;

  constructor(store: Pick<ClientStore, "findBySecret">, memory: ClientMemory) {
    this.#store = store;
    this.#memory = memory;
  }

  /** Looks in memory only. The result may be stale by as much as a change takes to reach this process. */
  peek(digest: Uint8Array): ProvenSecret | undefined {
    return this.#memory.get(digest);
  }

  /** Reads the store, once for all callers that ask for the same digest at the same time, and caches what it finds. */
  read(digest: Uint8Array): Promise<ProvenSecret | undefined> {
    const key = String.fromCharCode(...digest);
    const inFlight = this.#reads.get(key);
    if (inFlight !== undefined) return inFlight;
    const changes = this.#changes;
    const read = this.#store
      .findBySecret(digest)
      .then((proven) => {
        // The client may have changed while it was being read; do not cache a stale copy.
        if (proven !== undefined && this.#changes === changes) this.#memory.set(digest, proven);
        return proven;
      })
      .finally(() => {
        if (this.#reads.get(key) === read) this.#reads.delete(key);
      });
    this.#reads.set(key, read);
    return read;
  }

  /** Drops a client that was changed. */
  forget(clientId: string): void {
    this.#changes++;
    this.#reads.clear();
    this.#memory.deleteClient(clientId as ClientId);
  }

  /** Drops all clients, for when changes may have been missed. */
  forgetAll(): void {
    this.#changes++;
    this.#reads.clear();
    this.#memory.clear();
  }
}
