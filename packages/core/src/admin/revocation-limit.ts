import { type Err, err } from "@carnet/protocol/result";
import type { Client } from "../client/client.ts";
import type { Authority, Denied } from "./permission.ts";

/**
 * How many revocations of all tokens of a client or a secret the clients of one owner may have. They last for a day, and
 * every guard reads them all, so no team may make their list long.
 */
const maxRevocationsOfOwner = 10_000;

/** The limit for a caller. undefined: none, for callers over all owners. */
export const revocationLimitOf = ({ caller }: Authority): number | undefined =>
  caller.owners === null ? undefined : maxRevocationsOfOwner;

/** Why a change that revokes tokens was not stored. */
export const tooManyRevocations = (
  { owner }: Pick<Client, "owner">,
  { platformContact }: Pick<Authority, "platformContact">,
): Err<Denied> =>
  err({
    kind: "policy",
    rule: "revocations",
    detail: `the tokens of clients and secrets of ${owner} were revoked ${maxRevocationsOfOwner} times within a day, the maximum for a team: ask ${platformContact} to do it`,
  });
