import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { publication } from "../pepper/pepper.ts";
import type { PepperedDigest } from "./secret-hasher.ts";

/** A secret that was used under an older pepper, and its digest under the current one. */
export interface SecretMove {
  readonly secretId: SecretId;
  readonly clientId: ClientId;
  readonly from: Pick<PepperedDigest, "pepper" | "endsAt">;
  readonly to: Pick<PepperedDigest, "digest" | "pepper">;
}

/** Stores the moves of secrets to another pepper. */
export interface SecretMoveStore {
  /** Gives each secret its new digest, unless it was deleted or moved meanwhile. */
  moveSecrets(moves: readonly SecretMove[]): Promise<void>;
}

export interface SecretMovePorts {
  readonly store: SecretMoveStore;
  /** Told about each client whose secret has moved. */
  moved(clientId: ClientId): void;
}

/** How many moves wait in memory, at some hundred bytes each. Further secrets move at their next use. */
const maxPending = 10_000;

/**
 * Moves secrets to the current pepper when they are used. They are written in batches instead of once per token; a crash
 * loses at most the moves since the last batch, and these secrets move at their next use.
 */
export class SecretMoves {
  readonly #ports: SecretMovePorts;
  #pending = new Map<SecretId, SecretMove>();
  #flushing: Promise<void> | undefined;

  constructor(ports: SecretMovePorts) {
    this.#ports = ports;
  }

  /** How many secrets are in memory. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Notes that a secret was used. Shortly before its pepper ends, it waits until the move is written, because then another
   * node or the next use would find the secret ended. Never rejects: what cannot be written is tried again.
   */
  async note(move: SecretMove, now: number): Promise<void> {
    if (this.#pending.size >= maxPending && !this.#pending.has(move.secretId)) return;
    this.#pending.set(move.secretId, move);
    if (move.from.endsAt === null || move.from.endsAt - publication > now) return;
    await this.#flushing?.catch(() => {}); // it may have begun before
    await this.flush().catch(() => {}); // the background task reports it
  }

  /** Writes the moves in memory. Those that cannot be written stay. Calls during a write share it. */
  flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #write(): Promise<void> {
    if (this.#pending.size === 0) return;
    const moves = this.#pending;
    this.#pending = new Map();
    try {
      await this.#ports.store.moveSecrets([...moves.values()]);
    } catch (error) {
      for (const [secretId, move] of moves) if (!this.#pending.has(secretId)) this.#pending.set(secretId, move);
      throw error;
    }
    // Memory has them under the old digest, and would have them move again and again
    for (const { clientId } of moves.values()) this.#ports.moved(clientId);
  }
}
