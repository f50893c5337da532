import type { ClientId } from "@carnet/protocol/ids";
import type { ClientMemory } from "./client-memory.ts";
import type { ClientLookup, ClientStore } from "./client-store.ts";
import { decoyClient } from "./decoy-client.ts";
import type { TokenClient } from "./token-client.ts";

/** The clients that this process has in memory, in front of the store that has them all. */
export class ClientDirectory {
  readonly #store: Pick<ClientStore, "find">;
  readonly #memory: ClientMemory;
  readonly #reading = new Map<ClientId | undefined, Promise<ClientLookup>>();

  constructor(store: Pick<ClientStore, "find">, memory: ClientMemory) {
    this.#store = store;
    this.#memory = memory;
  }

  /** The client if it is in memory. Does not ask the store. */
  peek(clientId: ClientId | undefined): TokenClient | undefined {
    return clientId === undefined ? undefined : this.#memory.get(clientId);
  }

  /** What the store says now, one reading for any number of callers at once. A known client is then in memory. */
  read(clientId: ClientId | undefined): Promise<ClientLookup> {
    const underWay = this.#reading.get(clientId);
    if (underWay !== undefined) return underWay;
    const reading = this.#store
      .find(clientId)
      .then((lookup) => {
        // What was dropped meanwhile may have been read as it was before the change
        if (this.#reading.get(clientId) === reading) this.#keep(clientId, lookup);
        return lookup;
      })
      .finally(() => {
        if (this.#reading.get(clientId) === reading) this.#reading.delete(clientId);
      });
    this.#reading.set(clientId, reading);
    return reading;
  }

  /** Drops a client that was changed. */
  forget(clientId: string): void {
    this.#memory.forget(clientId as ClientId);
    this.#reading.delete(clientId as ClientId);
  }

  /** Drops all clients: any of them may have changed. */
  forgetAll(): void {
    this.#memory.forgetAll();
    this.#reading.clear();
  }

  #keep(clientId: ClientId | undefined, { client, known }: ClientLookup): void {
    if (known) this.#memory.keep(client);
    else this.#memory.keepNobody(clientId ?? decoyClient.clientId, client);
  }
}
