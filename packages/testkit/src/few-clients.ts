import { BoundedCache } from "@carnet/core/bounded-cache";
import type { Client } from "@carnet/core/client/client";
import type { ClientMemory } from "@carnet/core/client/client-memory";
import type { ClientId } from "@carnet/protocol/ids";

/** A memory for so many clients, as they are. */
export class FewClients implements ClientMemory {
  readonly #clients: BoundedCache<ClientId, Client>;

  constructor(capacity: number) {
    this.#clients = new BoundedCache(capacity);
  }

  get(clientId: ClientId): Client | undefined {
    return this.#clients.get(clientId);
  }

  keep(client: Client): void {
    this.#clients.set(client.clientId, client);
  }

  pretendToKeep(): void {}

  forget(clientId: ClientId): void {
    this.#clients.delete(clientId);
  }

  forgetAll(): void {
    this.#clients.clear();
  }
}
