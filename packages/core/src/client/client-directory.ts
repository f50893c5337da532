import type { ClientId } from "@carnet/protocol/ids";
import type { ClientMemory } from "./client-memory.ts";
import type { ClientStore } from "./client-store.ts";
import type { ProvenSecret } from "./token-client.ts";

/**
 * Finds clients by the digest of a secret: first in the memory of this process, then in the store. What is in doubt is
 * read anew, and used as it is only while the store cannot be read.
 */
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

  /**
   * Reads the store, once for all callers that ask for the same digest at the same time, and caches what it finds. Rejects
   * if the store cannot be read.
   */
  read(digest: Uint8Array): Promise<ProvenSecret | undefined> {
    const key = String.fromCharCode(...digest);
    const inFlight = this.#reads.get(key);
    if (inFlight !== undefined) return inFlight;
    const changes = this.#changes;
    const read = this.#store
      .findBySecret(digest)
      .then((proven) => {
        if (proven === undefined) this.#memory.delete(digest);
        // The client may have changed while it was being read; do not cache a stale copy.
        else if (this.#changes === changes) this.#memory.set(digest, proven);
        return proven;
      })
      .finally(() => {
        if (this.#reads.get(key) === read) this.#reads.delete(key);
      });
    this.#reads.set(key, read);
    return read;
  }

  /**
   * Reads the store. While that fails, uses what memory has if it is in the caller's favour: it may be outdated, and nobody
   * is refused for what was true once. Rejects otherwise.
   */
  async readOrRecall(
    digest: Uint8Array,
    isFavourable: (proven: ProvenSecret) => boolean,
  ): Promise<ProvenSecret | undefined> {
    try {
      return await this.read(digest);
    } catch (fault) {
      const doubted = this.#memory.getDoubted(digest);
      if (doubted === undefined || !isFavourable(doubted)) throw fault;
      return doubted;
    }
  }

  /** Drops a client that was changed. */
  forget(clientId: string): void {
    this.#changes++;
    this.#reads.clear();
    this.#memory.deleteClient(clientId as ClientId);
  }

  /** Has each client read anew on its next use, for when changes may have been missed. */
  doubtAll(): void {
    this.#changes++;
    this.#reads.clear();
    this.#memory.doubtAll();
  }

  /** Drops all clients. */
  forgetAll(): void {
    this.#changes++;
    this.#reads.clear();
    this.#memory.clear();
  }
}
