import { err, ok, type Result } from "@carnet/protocol/result";
import type { Refusal } from "../refusal.ts";
import type { Grant } from "../token/authorise.ts";
import type { CutOffs } from "./revocation-store.ts";

/**
 * Refuses a token that a cut-off would match: it would be revoked from the start. Cut-offs reach up to two seconds into
 * the future, because the clocks of nodes differ.
 */
export function checkCutOffs({ client, secret }: Grant, now: number, cutOffs: CutOffs): Result<undefined, Refusal> {
  const until = cutOffs.issuedUntil(client.handle);
  if (Math.floor(now / 1000) > until) return ok(undefined);
  return err({
    kind: "unavailable",
    reason: "cut_off",
    description: "tokens that are issued now would be revoked: try again after the seconds in Retry-After",
    detail: "a cut-off matches every token that is issued now",
    clientId: client.clientId,
    secretId: secret.secretId,
    facts: { issued_until: new Date(until * 1000).toISOString() },
    retryAfter: Math.max(1, Math.ceil(until + 1 - now / 1000)),
  });
}
