import type { StoreGrace } from "@carnet/server/store/store-contact";

/** The grace of a store that was just heard from. */
export const noGrace: StoreGrace = { since: 0, ends: 0, isOver: false };
