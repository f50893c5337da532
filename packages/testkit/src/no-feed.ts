import type { RevocationFeed } from "@carnet/server/revocation/revocation-feed";

/** For tests that read no revocation feed. */
export const noFeed: RevocationFeed = { access: "public", current: async () => undefined };
