import { BoundedCache } from "@carnet/core/bounded-cache";
import type { ClientMemory } from "@carnet/core/client/client-memory";
import type { TokenClient } from "@carnet/core/client/token-client";
import type { ClientId } from "@carnet/protocol/ids";

/** A memory for so many clients, as they are. */
export class FewClients implements ClientMemory {
  readonly #clients: BoundedCache<ClientId, TokenClient>;

  constructor(capacity: number) {
    this.#clients = new BoundedCache(capacity);
  }

  get(clientId: ClientId): TokenClient | undefined {
    return this.#clients.get(clientId);
  }

  keep(client: TokenClient): void {
    this.#clients.set(client.clientId, client);
  }

  keepNobody(clientId: ClientId): void {
    this.#clients.delete(clientId);
  }

  forget(clientId: ClientId): void {
    this.#clients.delete(clientId);
  }

  forgetAll(): void {
    this.#clients.clear();
  }
}
