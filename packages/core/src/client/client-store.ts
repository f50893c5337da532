import type { ClientId } from "@carnet/protocol/ids";
import type { Client } from "./client.ts";

/** Where clients are kept. */
export interface ClientStore {
  /**
   * Reads a client and its secrets. Where there is none it reads another one in its place, always the same for an id
   * and else any, so that both take the same work, and says so in `known`: what it read then proves nothing.
   */
  find(clientId: ClientId | undefined): Promise<ClientLookup>;
  /** Keeps a new client, durably once the promise is fulfilled. Changes nothing if the id is taken. */
  insert(client: Client): Promise<"inserted" | "taken">;
  /** Clients in the order of their ids, beginning after one. */
  list(page: { readonly after: ClientId | null; readonly limit: number }): Promise<readonly Client[]>;
}

export interface ClientLookup {
  /** Where the client is not known: its stand-in, to be worked on and told nobody. */
  readonly client: Client;
  readonly known: boolean;
  /** Whether any client at all has a secret under the slow hash. */
  readonly anySlowSecret: boolean;
}
