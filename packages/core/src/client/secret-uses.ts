import type { SecretId } from "@carnet/protocol/ids";
import type { SecretUse } from "./client-secret.ts";

/** Where the last uses of secrets are kept for good. */
export interface SecretUseStore {
  /** Keeps each use unless a later one is kept already. */
  keepUses(uses: ReadonlyMap<SecretId, SecretUse>): Promise<void>;
}

/**
 * The last uses of secrets that the store does not have yet. They reach it in batches, not one write a token: a crash
 * loses those of the time between two batches, and nothing else.
 */
export class SecretUses {
  readonly #store: SecretUseStore;
  #unsaved = new Map<SecretId, SecretUse>();
  /** The batch before: on its way to the store, or there already, but not yet for who has read just before. */
  #sent: ReadonlyMap<SecretId, SecretUse> = new Map();

  constructor(store: SecretUseStore) {
    this.#store = store;
  }

  /** Remembers that a secret was used, unless a later use is known. */
  note(secretId: SecretId, use: SecretUse): void {
    const known = this.#known(secretId);
    if (known !== undefined && known.at > use.at) return; // a clock can be set back
    this.#unsaved.set(secretId, use);
  }

  /**
   * The latest use of a secret that is known here, be it from the secret as it was read. Does not know of one that
   * reached the store between that reading and the last batch.
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

  /** Brings what is unsaved to the store. What cannot be kept stays unsaved. Not to be called while it runs. */
  async flush(): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const uses = this.#unsaved;
    this.#sent = uses;
    this.#unsaved = new Map();
    try {
      await this.#store.keepUses(uses);
    } catch (error) {
      for (const [secretId, use] of uses) if (!this.#unsaved.has(secretId)) this.#unsaved.set(secretId, use);
      throw error;
    }
  }
}
