import type { SecretId } from "@carnet/protocol/ids";
import { BoundedCache } from "../bounded-cache.ts";
import type { ClientSecret, SecretUse } from "./client-secret.ts";

/** Where the last uses of secrets are kept for good. */
export interface SecretUseStore {
  /** Keeps each use unless a later one is kept already. */
  keepUses(uses: ReadonlyMap<SecretId, SecretUse>): Promise<void>;
}

/**
 * The last uses of secrets that this process has seen. They reach the store in batches, not one write a token: a crash
 * loses those of the time between two batches, and nothing else.
 */
export class SecretUses {
  readonly #store: SecretUseStore;
  readonly #seen: BoundedCache<SecretId, SecretUse>;
  #unsaved = new Map<SecretId, SecretUse>();

  constructor(store: SecretUseStore, capacity: number) {
    this.#store = store;
    this.#seen = new BoundedCache(capacity);
  }

  /** Remembers that a secret was used, unless a later use is known. */
  note(secretId: SecretId, use: SecretUse): void {
    const known = this.#known(secretId);
    if (known !== undefined && known.at > use.at) return; // a clock can be set back
    this.#seen.set(secretId, use);
    this.#unsaved.set(secretId, use);
  }

  /** The latest use of a secret that is known here. */
  lastOf(secret: ClientSecret): SecretUse | null {
    const seen = this.#known(secret.secretId);
    return seen !== undefined && seen.at >= (secret.lastUse?.at ?? 0) ? seen : secret.lastUse;
  }

  #known(secretId: SecretId): SecretUse | undefined {
    return this.#seen.get(secretId) ?? this.#unsaved.get(secretId);
  }

  /** Brings what is unsaved to the store. What cannot be kept stays unsaved. */
  async flush(): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const uses = this.#unsaved;
    this.#unsaved = new Map();
    try {
      await this.#store.keepUses(uses);
    } catch (error) {
      for (const [secretId, use] of uses) if (!this.#unsaved.has(secretId)) this.#unsaved.set(secretId, use);
      throw error;
    }
  }
}
