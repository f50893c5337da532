import type { RevocationStore } from "@carnet/core/revocation/revocation-store";
import type { RevocationList } from "./revocation-list.ts";

/**
 * The store, but this process knows of a cut-off before the caller gets the answer. Otherwise it would issue tokens that
 * the cut-off matches until its next poll.
 */
export const refreshAfterAdding = (
  store: RevocationStore,
  list: Pick<RevocationList, "refreshAnew">,
): RevocationStore => ({
  find: (token, now) => store.find(token, now),
  list: (query) => store.list(query),
  deleteEnded: (now) => store.deleteEnded(now),
  async add(revocation, change) {
    const added = await store.add(revocation, change);
    // A failed read must not fail the call, because the revocation is stored. The next poll reads it
    if (added === "added" && revocation.kind === "cut_off") await list.refreshAnew().catch(() => {});
    return added;
  },
});
