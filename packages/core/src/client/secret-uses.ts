import type { SecretId } from "@carnet/protocol/ids";
import type { SecretUse } from "./client-secret.ts";

/** Stores the last uses of secrets. */
export interface SecretUseStore {
  /** Stores each use unless a later one is stored already. */
  recordUses(uses: ReadonlyMap<SecretId, SecretUse>): Promise<void>;
}

/**
 * The last uses of secrets that the store does not have yet. They are written in batches instead of once per token; a
 * crash loses at most the uses since the last batch.
 */
export class SecretUses {
  readonly #store: SecretUseStore;
  #unsaved = new Map<SecretId, SecretUse>();
  /** The previous batch: being written, or written after a caller had already read the secret. */
  #sent: ReadonlyMap<SecretId, SecretUse> = new Map();

  constructor(store: SecretUseStore) {
    this.#store = store;
  }

  /** Notes that a secret was used, unless a later use is known. */
  note(secretId: SecretId, use: SecretUse): void {
    const known = this.#known(secretId);
    if (known !== undefined && known.at > use.at) return; // a clock can be set back
    this.#unsaved.set(secretId, use);
  }

  /**
   * The latest known use of a secret: noted here, or read with the secret. Misses a use that was
   * written after that read but before the previous batch.
   */
  lastOf<Use extends Pick<SecretUse, "at">>(secret: {
    readonly secretId: SecretId;
    readonly lastUse: Use | null;
  }): SecretUse | Use | null {
    const seen = this.#known(secret.secretId);
    return seen !== undefined && seen.at >= (secret.lastUse?.at ?? 0) ? seen : secret.lastUse;
  }

  #known(secretId: SecretId): SecretUse | undefined {
    return this.#unsaved.get(secretId) ?? this.#sent.get(secretId);
  }

  /** Writes the unsaved uses. Those that cannot be written stay unsaved. Must not be called while it runs. */
  async flush(): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const uses = this.#unsaved;
    this.#sent = uses;
    this.#unsaved = new Map();
    try {
      await this.#store.recordUses(uses);
    } catch (error) {
      for (const [secretId, use] of uses) if (!this.#unsaved.has(secretId)) this.#unsaved.set(secretId, use);
      throw error;
    }
  }
}
