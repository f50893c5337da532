import type { Client } from "@carnet/core/client/client";
import type { ClientLookup, ClientStore } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { ClientId } from "@carnet/protocol/ids";

/** Clients in a map: the smallest store that passes the conformance suite. */
export class MemoryClientStore implements ClientStore {
  readonly #clients = new Map<ClientId, Client>();
  /** How often `find` was called. */
  finds = 0;

  async find(clientId: ClientId | undefined): Promise<ClientLookup> {
    this.finds++;
    const client = clientId === undefined ? undefined : this.#clients.get(clientId);
    return { client: client ?? decoyClient, known: client !== undefined, anySlowSecret: this.#anySlowSecret() };
  }

  async insert(client: Client): Promise<"inserted" | "taken"> {
    if (this.#clients.has(client.clientId)) return "taken";
    this.#clients.set(client.clientId, client);
    return "inserted";
  }

  async list({ after, limit }: { after: ClientId | null; limit: number }): Promise<readonly Client[]> {
    const ids = [...this.#clients.keys()].sort().filter((id) => after === null || id > after);
    return ids.slice(0, limit).flatMap((id) => this.#clients.get(id) ?? []);
  }

  /** Changes a client behind the back of whoever has it in memory, as an administrator would. */
  change(clientId: string, change: Partial<Client>): void {
    for (const client of this.#clients.values()) {
      if (client.clientId === clientId) this.#clients.set(client.clientId, { ...client, ...change });
    }
  }

  #anySlowSecret(): boolean {
    return [...this.#clients.values()].some(({ secrets }) => secrets.some(({ kind }) => kind === "human"));
  }
}
