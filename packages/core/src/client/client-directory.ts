import type { ClientId } from "@carnet/protocol/ids";
import type { ClientMemory } from "./client-memory.ts";
import type { ClientStore } from "./client-store.ts";
import type { PepperedDigest } from "./secret-hasher.ts";
import type { ProvenSecret } from "./token-client.ts";

/** What was found under one digest of a secret. */
export interface FoundSecret {
  readonly under: PepperedDigest;
  readonly proven: ProvenSecret | undefined;
}

/**
 * Finds clients by the digest of a secret: first in the memory of this process, then in the store. An entry in doubt is
 * read again, and used as it is only while the store cannot be read.
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
   * Reads the store for each digest of a secret, in their order, and returns what it finds for each. While that fails, uses
   * what memory has if it is in the caller's favour: it may be outdated, and nobody is refused for what was true once.
   * Rejects otherwise.
   */
  async readOrRecall(
    digests: readonly PepperedDigest[],
    isFavourable: (proven: ProvenSecret) => boolean,
  ): Promise<readonly FoundSecret[]> {
    const found: FoundSecret[] = [];
    try {
      // Not all at once: a secret that moves in between would be missed
      for (const under of digests) found.push({ under, proven: await this.read(under.digest) });
      return found;
    } catch (fault) {
      const doubted = digests.map((under) => ({ under, proven: this.#memory.getDoubted(under.digest) }));
      const usable = doubted.filter(({ proven }) => proven !== undefined && isFavourable(proven));
      if (usable.length === 0) throw fault;
      return usable;
    }
  }

  /** Drops a client that was changed. */
  forget(clientId: string): void {
    this.#changes++;
    this.#reads.clear();
    this.#memory.deleteClient(clientId as ClientId);
  }

  /** Reads each client again on its next use. Call this when changes may have been missed. */
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
