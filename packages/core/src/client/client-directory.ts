import type { ClientId } from "@carnet/protocol/ids";
import { BoundedCache } from "../bounded-cache.ts";
import type { Client } from "./client.ts";
import type { ClientLookup, ClientStore } from "./client-store.ts";

/** The clients that this process has in memory, in front of the store that has them all. */
export class ClientDirectory {
  readonly #store: Pick<ClientStore, "find">;
  readonly #clients: BoundedCache<ClientId, Client>;
  readonly #reading = new Map<ClientId | undefined, Promise<ClientLookup>>();

  constructor(store: Pick<ClientStore, "find">, capacity: number) {
    this.#store = store;
    this.#clients = new BoundedCache(capacity);
  }

  /** The client if it is in memory. Does not ask the store. */
  peek(clientId: ClientId | undefined): Client | undefined {
    return clientId === undefined ? undefined : this.#clients.get(clientId);
  }

  /** What the store says now, one reading for any number of callers at once. A known client is then in memory. */
  read(clientId: ClientId | undefined): Promise<ClientLookup> {
    const underWay = this.#reading.get(clientId);
    if (underWay !== undefined) return underWay;
    const reading = this.#read(clientId).finally(() => this.#reading.delete(clientId));
    this.#reading.set(clientId, reading);
    return reading;
  }

  async #read(clientId: ClientId | undefined): Promise<ClientLookup> {
    const lookup = await this.#store.find(clientId);
    if (lookup.known) this.#clients.set(lookup.client.clientId, lookup.client);
    else if (clientId !== undefined) this.#clients.delete(clientId);
    return lookup;
  }
}
