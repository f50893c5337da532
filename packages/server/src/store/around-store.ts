import type { ClientStore } from "@carnet/core/client/client-store";

/** Runs a use of a store. The name of the operation is in snake case. */
export type Around = <Value>(operation: string, act: () => Promise<Value>) => Promise<Value>;

/** Runs every use of a store of clients through a function. */
export const aroundStore = (store: ClientStore, around: Around): ClientStore => ({
  find: (clientId) => around("find", () => store.find(clientId)),
  findBySecret: (digest) => around("find_by_secret", () => store.findBySecret(digest)),
  identify: (digest) => around("identify", () => store.identify(digest)),
  insert: (clients, change) => around("insert", () => store.insert(clients, change)),
  replace: (next, change) => around("replace", () => store.replace(next, change)),
  delete: (client, change) => around("delete", () => store.delete(client, change)),
  search: (query) => around("search", () => store.search(query)),
  moveSecrets: (moves) => around("move_secrets", () => store.moveSecrets(moves)),
  recordUses: (uses) => around("record_uses", () => store.recordUses(uses)),
});
