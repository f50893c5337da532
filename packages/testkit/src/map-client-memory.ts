import type { ClientMemory } from "@carnet/core/client/client-memory";
import type { ProvenSecret } from "@carnet/core/client/token-client";
import type { ClientId } from "@carnet/protocol/ids";

/** An unbounded cache that stores its values unchanged. */
export class MapClientMemory implements ClientMemory {
  readonly #entries = new Map<string, ProvenSecret>();
  readonly #doubted = new Set<string>();

  get(digest: Uint8Array): ProvenSecret | undefined {
    return this.#doubted.has(digest.join()) ? undefined : this.getDoubted(digest);
  }

  getDoubted(digest: Uint8Array): ProvenSecret | undefined {
    return this.#entries.get(digest.join());
  }

  set(digest: Uint8Array, proven: ProvenSecret): void {
    this.#entries.set(digest.join(), proven);
    this.#doubted.delete(digest.join());
  }

  delete(digest: Uint8Array): void {
    this.#entries.delete(digest.join());
  }

  deleteClient(clientId: ClientId): void {
    for (const [key, { client }] of this.#entries) if (client.clientId === clientId) this.#entries.delete(key);
  }

  doubtAll(): void {
    for (const key of this.#entries.keys()) this.#doubted.add(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
