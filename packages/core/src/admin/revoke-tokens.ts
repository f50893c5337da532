import type { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import { parseTimeOrAgo, timeOrAgoForms } from "@carnet/protocol/time-or-ago";
import { type AdminProblem, invalid } from "../admin-problem.ts";
import { endOfRevocation, oldestRevocableEnd, type Revocation, type RevocationKind } from "../revocation/revocation.ts";
import { type RevocationPorts, revokeIssuedBefore, revokeToken } from "../revocation/revoke-token.ts";
import type { AccessTokenVerifier } from "../token/access-token-verifier.ts";
import { type ChangePorts, changeClient, findClient, revokeTokens } from "./change-client.ts";
import { permit } from "./permission.ts";
import { findSecret, withSecret, withTokensRevoked } from "./secrets.ts";

export interface RevokePorts extends ChangePorts, RevocationPorts {
  readonly verifier: AccessTokenVerifier;
  readonly issuer: string;
}

/** Which tokens to revoke: see `readTarget` for what can be combined. */
export interface RevocationInput {
  readonly token?: Redacted<string> | undefined;
  readonly client_id?: string | undefined;
  readonly secret_id?: string | undefined;
  readonly issued_before?: string | undefined;
}

/** What was revoked, or why nothing had to be. */
export type RevocationOutcome =
  | { readonly revoked: true; readonly revocation: Omit<Revocation, "subject">; readonly secretId: string | null }
  | { readonly revoked: false; readonly reason: NothingRevoked };

/** The text is no token of this service that is valid now, or a revocation matches all of the tokens already. */
export type NothingRevoked = "not_valid" | "already_revoked";

/**
 * Revokes one token, or all tokens of a client, of one of its secrets, or that were issued before an instant. The client
 * and the secret can get new ones. Refuses with `invalid`, `not_found` and what the permission refuses with.
 */
export async function revoke(
  input: RevocationInput,
  ports: RevokePorts,
): Promise<Result<RevocationOutcome, AdminProblem>> {
  const target = readTarget(input, ports.clock.now());
  if (!target.ok) return target;
  switch (target.value.tokens) {
    case "one":
      return revokeOne(target.value.token, ports);
    case "of_client":
      return revokeAll(target.value, ports);
    case "issued_before":
      return revokeBefore(target.value, ports);
    default:
      return target.value satisfies never;
  }
}

type Target =
  | { readonly tokens: "one"; readonly token: Redacted<string> }
  | { readonly tokens: "of_client"; readonly clientId: string; readonly secretId: string | null }
  | { readonly tokens: "issued_before"; readonly clientId: string | null; readonly instant: number };

function readTarget(input: RevocationInput, now: number): Result<Target, AdminProblem> {
  const { token, client_id: clientId, secret_id: secretId, issued_before: before } = input;
  const refuse = (pointer: string, detail: string) => invalid([{ pointer, detail }]);
  if (token !== undefined) {
    if (clientId === undefined && secretId === undefined && before === undefined) return ok({ tokens: "one", token });
    return refuse("/token", "cannot be combined with other members");
  }
  if (secretId !== undefined && clientId === undefined) return refuse("/secret_id", "needs client_id");
  if (secretId !== undefined && before !== undefined)
    return refuse("/secret_id", "cannot be combined with issued_before");
  if (before !== undefined) {
    const instant = parseTimeOrAgo(before, now);
    if (instant === undefined) return refuse("/issued_before", `must be ${timeOrAgoForms}`);
    if (instant > now) return refuse("/issued_before", "must not be in the future");
    return ok({ tokens: "issued_before", clientId: clientId ?? null, instant });
  }
  if (clientId === undefined) return refuse("", "must have token, client_id or issued_before");
  return ok({ tokens: "of_client", clientId, secretId: secretId ?? null });
}

/** A token of a client that does not exist for the caller is `not_found`, whether it is revoked or not. */
async function revokeOne(
  token: Redacted<string>,
  ports: RevokePorts,
): Promise<Result<RevocationOutcome, AdminProblem>> {
  const verified = await ports.verifier.verify(token.reveal(), oldestRevocableEnd(ports.clock.now()));
  if (verified === undefined) return ok({ revoked: false, reason: "not_valid" });
  const found = await findClient(verified.claims.client_id, ports);
  // Deleting a client revoked its tokens. Only who sees every client may learn that this one is gone
  if (!found.ok && found.error.kind === "not_found" && ports.authority.caller.owners === null)
    return ok({ revoked: false, reason: "already_revoked" });
  return found.ok ? ok(outcomeOf(await revokeToken(verified, found.value, ports))) : found;
}

async function revokeAll(
  { clientId, secretId }: Extract<Target, { tokens: "of_client" }>,
  ports: RevokePorts,
): Promise<Result<RevocationOutcome, AdminProblem>> {
  const changed = await changeClient({ clientId, ifMatch: undefined }, ports, async (client) => {
    if (secretId === null) return ok({ client: revokeTokens(client, ports) });
    const secret = findSecret(client, secretId);
    return secret.ok ? ok({ client: withSecret(client, withTokensRevoked(secret.value, ports)) }) : secret;
  });
  if (!changed.ok) return changed;
  const { client } = changed.value;
  const kind: RevocationKind = secretId === null ? "client" : "secret";
  const stored = { kind, issuedUntil: null, clientId: client.clientId };
  const revokedAt = client.updatedAt;
  return ok({ revoked: true, revocation: { ...stored, revokedAt, endsAt: endOfRevocation(revokedAt) }, secretId });
}

async function revokeBefore(
  { clientId, instant }: Extract<Target, { tokens: "issued_before" }>,
  ports: RevokePorts,
): Promise<Result<RevocationOutcome, AdminProblem>> {
  if (clientId === null) {
    const permitted = permit({ ...ports.authority, need: "platform" });
    if (!permitted.ok) return permitted;
    return ok(outcomeOf(await revokeIssuedBefore({ instant, client: null, issuer: ports.issuer }, ports)));
  }
  const found = await findClient(clientId, ports);
  return found.ok ? ok(outcomeOf(await revokeIssuedBefore({ instant, client: found.value }, ports))) : found;
}

const outcomeOf = (revocation: Revocation | undefined): RevocationOutcome =>
  revocation === undefined
    ? { revoked: false, reason: "already_revoked" }
    : { revoked: true, revocation, secretId: null };
