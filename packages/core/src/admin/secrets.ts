import type { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, type FieldProblem, invalid, problem, problemsUnder } from "../admin-problem.ts";
import type { Client } from "../client/client.ts";
import {
  type ClientSecret,
  fixedEndOf,
  idleEndOf,
  isLive,
  maxLiveSecrets,
  type SecretUse,
  secretStateAt,
} from "../client/client-secret.ts";
import { drawHandle } from "../client/draw.ts";
import { futureInstant, seconds } from "../client/fields.ts";
import { type MakeSecretPorts, makeSecret, type NewSecretInput, planSecret } from "../client/make-secret.ts";
import { includesDigest } from "../client/secret-hasher.ts";
import type { SecretUses } from "../client/secret-uses.ts";
import { withEnd, withPolicyEnd } from "../owner/policy.ts";
import { type ChangePorts, changeClient, type Target } from "./change-client.ts";
import { longestOwnSecret } from "./permission.ts";

export interface SecretPorts extends ChangePorts, MakeSecretPorts {
  readonly uses: SecretUses;
}

/** A client with its new secret. */
export interface AddedSecret {
  readonly client: Client;
  readonly secret: ClientSecret;
  /** Shown once, and stored only in an idempotency record. Absent for an imported secret. */
  readonly shown: Redacted<string> | undefined;
}

/** Adds a secret to a client. The owner's policy gives it an end if the input has none. Refuses with `invalid`, `too_many_secrets`, `not_found` and `changed`. */
export function addSecret(
  target: Target<AddedSecret>,
  input: NewSecretInput,
  ports: SecretPorts,
): Promise<Result<AddedSecret, AdminProblem>> {
  return changeClient(target, ports, async (client, now) => withNewSecret(client, { input, now, parent: "" }, ports));
}

/** How a rotation ends the old secrets: at a time, or when they are idle. Not both. */
export interface RotationInput {
  readonly secret?: NewSecretInput | undefined;
  readonly end_old_at?: string | null | undefined;
  readonly end_old_when_idle_for?: number | null | undefined;
}

/** How long old secrets stay valid by default: a day, in milliseconds. */
const defaultOverlap = 86_400_000;
/** The longest idle time, in seconds. */
const longestIdle = 90 * 86_400;

/**
 * Adds a secret to a client and gives each live secret an end, never a later one than it had. A caller's own new secret
 * gets an end if the one that it replaces has one. Refuses with `invalid`, `too_many_secrets`, `not_found` and `changed`.
 */
export function rotateSecrets(
  target: Target<AddedSecret>,
  input: RotationInput,
  ports: SecretPorts,
): Promise<Result<AddedSecret, AdminProblem>> {
  return changeClient(target, ports, async (client, now) => {
    const end = readEnd(input, now);
    if (!end.ok) return end;
    const ending: Client = {
      ...client,
      secrets: client.secrets.map((secret) => {
        const lastUse = ports.uses.lastOf(secret);
        return isLive(secretStateAt(secret, now, lastUse)) ? end.value(secret, lastUse) : secret;
      }),
    };
    const longest = longestOwnSecret(ports.authority, client, now);
    const secret = withEnd(input.secret ?? {}, longest === null ? null : now + longest);
    return withNewSecret(ending, { input: secret, now, parent: "/secret" }, ports);
  });
}

/** A secret of a client by its id. Refuses with `not_found`. */
export function findSecret(client: Client, secretId: string): Result<ClientSecret, AdminProblem> {
  const secret = client.secrets.find((candidate) => candidate.secretId === secretId);
  return secret === undefined ? problem("not_found", "the client has no secret with this id") : ok(secret);
}

/** Which secret to revoke. */
export interface RevokedSecret {
  readonly secretId: string;
  /** Whether to revoke the tokens that it got as well. Default: only those of an admin client. */
  readonly withTokens?: boolean | undefined;
}

/**
 * Revokes a secret. One that is already revoked stays as it is, unless its tokens are to be revoked. Refuses with
 * `not_found`, `changed` and `last_admin`.
 */
export function revokeSecret(
  target: Target,
  { secretId, withTokens }: RevokedSecret,
  ports: ChangePorts,
): Promise<Result<{ client: Client }, AdminProblem>> {
  return changeClient(target, ports, async (client, now) => {
    const found = findSecret(client, secretId);
    if (!found.ok) return found;
    const { revokedAt } = found.value;
    const revokesTokens = withTokens ?? (client.role !== null && revokedAt === null);
    if (revokedAt !== null && !revokesTokens) return ok({ client });
    const revoked: ClientSecret = { ...found.value, revokedAt: revokedAt ?? now };
    return ok({ client: withSecret(client, revokesTokens ? withTokensRevoked(revoked, ports) : revoked) });
  });
}

/** A secret whose tokens are all revoked: it gets another handle, and the store revokes the one that it had. */
export const withTokensRevoked = (secret: ClientSecret, { random }: Pick<ChangePorts, "random">): ClientSecret => ({
  ...secret,
  handle: drawHandle(random),
});

/** A client with the next version of one of its secrets. */
export const withSecret = (client: Client, next: ClientSecret): Client => ({
  ...client,
  secrets: client.secrets.map((secret) => (secret.secretId === next.secretId ? next : secret)),
});

/** How long an ended secret is still listed: thirty days, in milliseconds. */
const listedAfterEnd = 30 * 86_400_000;

async function withNewSecret(
  client: Client,
  { input, now, parent }: { input: NewSecretInput; now: number; parent: "" | "/secret" },
  ports: SecretPorts,
): Promise<Result<AddedSecret, AdminProblem>> {
  const isLiveNow = (secret: ClientSecret) => isLive(secretStateAt(secret, now, ports.uses.lastOf(secret)));
  if (client.secrets.filter(isLiveNow).length >= maxLiveSecrets) {
    return problem("too_many_secrets", `the client has ${maxLiveSecrets} live secrets, the maximum: revoke one first`);
  }
  const owner = client.role === null ? await ports.owners.find(client.owner) : undefined; // admin clients have no policy
  const plan = planSecret(owner === undefined ? input : withPolicyEnd(input, owner.policy, now), now);
  if (!plan.ok) return invalid(problemsUnder(parent, plan.error));
  const { kept, digests, shown } = await makeSecret(plan.value, { clientId: client.clientId, now }, ports);
  const same = client.secrets.filter(({ digest }) => includesDigest(digests, digest));
  if (same.some(isLiveNow)) {
    return invalid([{ pointer: `${parent}/value`, detail: "is already a live secret of this client" }]);
  }
  // Importing it again would let it live longer than the policy allows. Operators must not undo a revocation
  const isBounded = owner !== undefined && (owner.policy.maxSecretAge !== null || owner.policy.secretsMustExpire);
  const isUndone = ports.authority.caller.role !== "admin" && same.some(({ revokedAt }) => revokedAt !== null);
  if (isUndone || (isBounded && same.length > 0)) {
    const detail = "was a secret of this client before: leave it out to get a new one, or import another one";
    return invalid([{ pointer: `${parent}/value`, detail }]);
  }
  const listed = client.secrets.filter((secret) => {
    const end = endOf(secret, ports.uses.lastOf(secret));
    // A secret that is imported again replaces its ended entry, because a digest is unique
    return !same.includes(secret) && (end === null || end + listedAfterEnd > now);
  });
  return ok({ client: { ...client, secrets: [...listed, kept] }, secret: kept, shown });
}

/** When a secret ended or will end. One that ends when idle ends later if it is used again. */
function endOf(secret: ClientSecret, lastUse: SecretUse | null): number | null {
  const { revokedAt, idle } = secret;
  if (revokedAt !== null) return revokedAt;
  const end = fixedEndOf(secret);
  if (idle === null) return end;
  return Math.min(end ?? Number.POSITIVE_INFINITY, idleEndOf(idle, lastUse));
}

/** The idle end after a rotation: at most a full span from now, and never later than before. */
function idleFrom(
  { idle }: ClientSecret,
  { now, lastUse, span }: { readonly now: number; readonly lastUse: SecretUse | null; readonly span: number },
): NonNullable<ClientSecret["idle"]> {
  if (idle === null) return { since: now, after: span };
  const after = Math.min(idle.after, span);
  const end = idleEndOf(idle, lastUse);
  return { since: Math.min(now, end - after), after };
}

type End = (secret: ClientSecret, lastUse: SecretUse | null) => ClientSecret;

function readEnd(input: RotationInput, now: number): Result<End, AdminProblem> {
  const { end_old_at: endAt, end_old_when_idle_for: idleFor } = input;
  const refuse = (pointer: string, detail: string): Result<End, AdminProblem> =>
    invalid([{ pointer, detail } satisfies FieldProblem]);
  if (endAt != null && idleFor != null)
    return refuse("/end_old_at", "cannot be combined with end_old_when_idle_for: send one of them");
  if (idleFor != null) {
    const span = seconds(idleFor, longestIdle);
    if (!span.ok) return refuse("/end_old_when_idle_for", span.error);
    return ok((secret, lastUse) => ({ ...secret, idle: idleFrom(secret, { now, lastUse, span: span.value * 1000 }) }));
  }
  const end = endAt == null ? ok(now + defaultOverlap) : futureInstant(endAt, now);
  if (!end.ok) return refuse("/end_old_at", `${end.error}: to end a secret at once, revoke it`);
  return ok((secret) => ({ ...secret, expiresAt: Math.min(secret.expiresAt ?? Number.POSITIVE_INFINITY, end.value) }));
}
