import { isoTime } from "../audit/client-changes.ts";
import type { ChangedObject } from "../audit/event.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import { type Client, shownOwner } from "../client/client.ts";
import type { Clock } from "../ports.ts";
import type { VerifiedToken } from "../token/access-token-verifier.ts";
import { endOfRevocation, endOfTokenRevocation, type Revocation } from "./revocation.ts";
import type { RevocationStore } from "./revocation-store.ts";

export interface RevocationPorts extends ChangeRecorderPorts {
  readonly clock: Clock;
  readonly revocations: Pick<RevocationStore, "find" | "add">;
}

/** How many single tokens of a client can be revoked. With one more, all of its tokens so far are. */
export const maxRevokedTokens = 100;

/**
 * Revokes one token of a client. If the client has too many revoked tokens already, a cut-off takes their place, so a
 * client cannot grow the list by revoking its own. Returns what it added; undefined if the token was revoked already.
 */
export async function revokeToken(
  token: VerifiedToken,
  client: Pick<Client, "clientId" | "handle" | "owner" | "role">,
  ports: RevocationPorts,
): Promise<Revocation | undefined> {
  const { claims, idHash } = token;
  const { clientId, handle } = client;
  if (claims.client_id !== clientId || claims.rvk[0] !== handle) return undefined; // all tokens with that handle are revoked
  const now = ports.clock.now();
  // Otherwise a client could fill the store with tokens that a cut-off has revoked
  if ((await ports.revocations.find(token, now)) !== undefined) return undefined;
  // Never before it was issued, even if another clock dated it: later cut-offs go by this
  const revokedAt = Math.max(now, claims.iat * 1000);
  const object: ChangedObject = {
    ...{ type: "token", id: claims.jti, clientId, owner: shownOwner(client), action: "changed" },
    changes: { revoked: { before: false, after: true } },
  };
  const revocation: Revocation = {
    ...{ kind: "token", subject: idHash, issuedUntil: null, clientId },
    ...{ revokedAt, endsAt: endOfTokenRevocation(claims.exp) },
  };
  const event = changed({ at: now, objects: [object] }, ports);
  const added = await ports.revocations.add(revocation, { event, limit: maxRevokedTokens });
  if (added === "full") return revokeIssuedBefore({ instant: revokedAt, client }, ports);
  if (added === "known") return undefined;
  await ports.recorder.record(event);
  return revocation;
}

/**
 * Revokes the tokens of a client, or of the whole service, that were issued before an instant, which must not be in the
 * future. Tokens have whole seconds and clocks differ, so it matches up to two seconds more; until those have passed,
 * nodes that know of it issue no token that it would match. Returns undefined if a later cut-off was there already.
 */
export async function revokeIssuedBefore(
  cutOff: {
    readonly instant: number;
    readonly client: Pick<Client, "clientId" | "handle" | "owner" | "role"> | null;
    readonly issuer?: string;
  },
  ports: RevocationPorts,
): Promise<Revocation | undefined> {
  const { instant, client } = cutOff;
  const now = ports.clock.now();
  const revocation: Revocation = {
    ...{ kind: "cut_off", subject: client?.handle ?? "", issuedUntil: Math.floor(instant / 1000) + 1 },
    ...{ clientId: client?.clientId ?? null, revokedAt: now, endsAt: endOfRevocation(now) },
  };
  const object: ChangedObject = {
    ...(client === null
      ? { type: "service", id: cutOff.issuer ?? "", clientId: null, owner: null }
      : { type: "client", id: client.clientId, clientId: null, owner: shownOwner(client) }),
    action: "changed",
    changes: { tokens_issued_before: { before: null, after: isoTime(instant) } },
  };
  const event = changed({ at: now, objects: [object] }, ports);
  if ((await ports.revocations.add(revocation, { event })) === "known") return undefined;
  await ports.recorder.record(event);
  return revocation;
}
