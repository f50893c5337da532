import type { Client } from "@carnet/core/client/client";
import { type ClientQuery, type ClientStore, everyClient } from "@carnet/core/client/client-store";

/** A query for every client in the order of their ids, with changes. */
export const queryOf = (changes: Partial<ClientQuery> = {}): ClientQuery => ({
  ...everyClient,
  limit: 100_000,
  ...changes,
});

/** Every client of a store, in the order of their ids. */
export const allClients = async (store: Pick<ClientStore, "search">): Promise<readonly Client[]> =>
  (await store.search(queryOf())).clients;
