import type { ClientMemory } from "@carnet/core/client/client-memory";
import type { ProvenSecret } from "@carnet/core/client/token-client";
import type { ClientId } from "@carnet/protocol/ids";

/** An unbounded cache that stores its values unchanged. */
export class MapClientMemory implements ClientMemory {
  readonly #entries = new Map<string, ProvenSecret>();

  get(digest: Uint8Array): ProvenSecret | undefined {
    return this.#entries.get(digest.join());
  }

  set(digest: Uint8Array, proven: ProvenSecret): void {
    this.#entries.set(digest.join(), proven);
  }

  deleteClient(clientId: ClientId): void {
    for (const [key, { client }] of this.#entries) if (client.clientId === clientId) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
