import type { ClientId } from "@carnet/protocol/ids";
import { BoundedCache } from "../bounded-cache.ts";
import type { Client } from "./client.ts";
import type { ClientLookup, ClientStore } from "./client-store.ts";

const nobody = Symbol("nobody");

/** The clients that this process has in memory, in front of the store that has them all. */
export class ClientDirectory {
  readonly #store: Pick<ClientStore, "find">;
  readonly #clients: BoundedCache<ClientId | typeof nobody, Client>;
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
    if (!lookup.known && clientId !== undefined) this.#clients.delete(clientId);
    // To keep something is work, so a stand-in is kept as well, where nobody finds it
    this.#clients.set(lookup.known ? lookup.client.clientId : nobody, lookup.client);
    return lookup;
  }
}
