import type { ClientId } from "@carnet/protocol/ids";
import type { KeptAnswer } from "../admin/idempotency.ts";
import type { Client, ClientStatus } from "./client.ts";
import type { SecretUseStore } from "./secret-uses.ts";

/** Where clients are kept. Each change is durable once its promise is fulfilled, and whole or not there at all. */
export interface ClientStore extends SecretUseStore {
  /**
   * Reads a client and its secrets. Where there is none it reads another one in its place, always the same for an id
   * and else any, so that both take the same work, and says so in `known`: what it read then proves nothing.
   */
  find(clientId: ClientId | undefined): Promise<ClientLookup>;
  /** Keeps new clients, all or none, with the answer that says so; an answer to the same request is kept only once. */
  insert(clients: readonly Client[], answer?: KeptAnswer): Promise<Insertion>;
  /** Replaces a client by its next version, unless it was changed or deleted in between. Leaves last uses alone. */
  replace(next: Client, answer?: KeptAnswer): Promise<"replaced" | "changed" | "repeated">;
  /** Deletes a client in the version that was read, unless it was changed in between. */
  delete(client: Client): Promise<"deleted" | "changed">;
  /** One page of the clients that a query finds. */
  search(query: ClientQuery): Promise<ClientPage>;
}

export type Insertion =
  | { readonly kind: "inserted" }
  | { readonly kind: "taken"; readonly clientIds: readonly ClientId[] }
  | { readonly kind: "repeated" };

export interface ClientLookup {
  /** Where the client is not known: its stand-in, to be worked on and told nobody. */
  readonly client: Client;
  readonly known: boolean;
  /** Whether any client at all has a secret under the slow hash. */
  readonly anySlowSecret: boolean;
}

export const clientSortKeys = ["client_id", "client_name", "created_at", "updated_at", "expires_at"] as const;
export type ClientSortKey = (typeof clientSortKeys)[number];

export interface ClientQuery {
  readonly status: ClientStatus | null;
  /** Clients that are registered for this scope. */
  readonly scope: string | null;
  /** Clients that have all of these labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Clients whose id, name or username holds this text, whatever the case of its letters from A to Z. */
  readonly text: string | null;
  /** Clients that end, or have a live secret that ends, before this instant. */
  readonly endingBefore: number | null;
  readonly sort: { readonly key: ClientSortKey; readonly descending: boolean };
  /** Begins after this place. Comes only from the page before. */
  readonly after: ClientPlace | null;
  readonly limit: number;
}

/** Where a client stands in an order: the value that it is sorted by, and its id. */
export interface ClientPlace {
  readonly value: string | number | null;
  readonly clientId: ClientId;
}

export interface ClientPage {
  readonly clients: readonly Client[];
  /** Where the next page begins, if there is one. */
  readonly next: ClientPlace | null;
}
