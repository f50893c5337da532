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
    this.#clients.delete(clientId as ClientId);
    this.#reading.delete(clientId as ClientId);
  }

  /** Drops all clients: any of them may have changed. */
  forgetAll(): void {
    this.#clients.clear();
    this.#reading.clear();
  }

  #keep(clientId: ClientId | undefined, lookup: ClientLookup): void {
    if (!lookup.known && clientId !== undefined) this.#clients.delete(clientId);
    // To keep something is work, so a stand-in is kept as well, where nobody finds it
    const key = lookup.known ? lookup.client.clientId : nobody;
    // What is kept outlives the young generation, and to move it there takes the longer, the more secrets a client has
    const kept = this.#clients.get(key);
    this.#clients.set(key, kept !== undefined && isSame(kept, lookup.client) ? kept : lookup.client);
  }
}

/** Whether two readings are of one state; a last use is no change of a client, but shows whether a secret is idle. */
const isSame = (left: Client, right: Client): boolean =>
  left.clientId === right.clientId &&
  left.createdAt === right.createdAt &&
  left.version === right.version &&
  left.secrets.every(({ lastUse }, at) => lastUse?.at === right.secrets[at]?.lastUse?.at);
