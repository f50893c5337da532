import type { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import type { Client } from "../client/client.ts";
import { type ClientSecret, isLive, maxLiveSecrets, type SecretUse, secretStateAt } from "../client/client-secret.ts";
import { futureInstant, seconds } from "../client/fields.ts";
import { type MakeSecretPorts, makeSecret, type NewSecretInput, planSecret } from "../client/make-secret.ts";
import type { SecretUses } from "../client/secret-uses.ts";
import { type AdminProblem, type FieldProblem, invalid, problem } from "./admin-problem.ts";
import { type ChangePorts, changeClient, type Target } from "./change-client.ts";

export interface SecretPorts extends ChangePorts, MakeSecretPorts {
  readonly uses: SecretUses;
}

/** A client with a secret that it has just been given. */
export interface AddedSecret {
  readonly client: Client;
  readonly secret: ClientSecret;
  /** To be shown once: it is kept nowhere. Absent where an existing one was brought along. */
  readonly shown: Redacted<string> | undefined;
}

/** Gives a client one more secret. Refuses with `invalid`, `too_many_secrets`, `not_found` and `changed`. */
export function addSecret(
  target: Target<AddedSecret>,
  input: NewSecretInput,
  ports: SecretPorts,
): Promise<Result<AddedSecret, AdminProblem>> {
  return changeClient(target, ports, (client, now) => withNewSecret(client, { input, now, parent: "" }, ports));
}

/** How the old secrets end when a new one is given: at a time, or once they have been idle for a span. Not both. */
export interface RotationInput {
  readonly secret?: NewSecretInput | undefined;
  readonly end_old_at?: string | null | undefined;
  readonly end_old_when_idle_for?: number | null | undefined;
}

/** How long old secrets go on where a rotation does not say: a day, in milliseconds. */
const defaultOverlap = 86_400_000;
/** The longest idle span, in seconds. */
const longestIdle = 90 * 86_400;

/**
 * Gives a client a new secret and the old live ones an end. None of them ends later than it would have. Refuses with
 * `invalid`, `too_many_secrets`, `not_found` and `changed`.
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
    return withNewSecret(ending, { input: input.secret ?? {}, now, parent: "/secret" }, ports);
  });
}

/** A secret of a client by its id. Refuses with `not_found`. */
export function findSecret(client: Client, secretId: string): Result<ClientSecret, AdminProblem> {
  const secret = client.secrets.find((candidate) => candidate.secretId === secretId);
  return secret === undefined ? problem("not_found", "the client has no secret with this id") : ok(secret);
}

/** Ends one secret at once. Refuses with `not_found` and `changed`. To end an ended one changes nothing. */
export function revokeSecret(
  target: Target,
  secretId: string,
  ports: ChangePorts,
): Promise<Result<{ client: Client }, AdminProblem>> {
  return changeClient(target, ports, async (client, now) => {
    const found = findSecret(client, secretId);
    if (!found.ok) return found;
    if (found.value.revokedAt !== null) return ok({ client });
    const revoked: ClientSecret = { ...found.value, revokedAt: now };
    const secrets = client.secrets.map((other) => (other === found.value ? revoked : other));
    return ok({ client: { ...client, secrets } });
  });
}

/** A client of which every secret is revoked. */
export const withSecretsEnded = (client: Client, now: number): Client => ({
  ...client,
  secrets: client.secrets.map((secret) => (secret.revokedAt === null ? { ...secret, revokedAt: now } : secret)),
});

/** How long a secret that has ended is still listed: thirty days, in milliseconds. */
const keptAfterEnd = 30 * 86_400_000;

async function withNewSecret(
  client: Client,
  { input, now, parent }: { input: NewSecretInput; now: number; parent: "" | "/secret" },
  ports: SecretPorts,
): Promise<Result<AddedSecret, AdminProblem>> {
  const isLiveNow = (secret: ClientSecret) => isLive(secretStateAt(secret, now, ports.uses.lastOf(secret)));
  if (client.secrets.filter(isLiveNow).length >= maxLiveSecrets) {
    return problem(
      "too_many_secrets",
      `the client has ${maxLiveSecrets} live secrets, which is the most: revoke one first`,
    );
  }
  const plan = planSecret(input, now);
  if (!plan.ok) return invalid(plan.error.map(({ pointer, detail }) => ({ pointer: `${parent}${pointer}`, detail })));
  const slowSalt = client.secrets.find((secret) => secret.kind === "human")?.salt;
  const made = await makeSecret(plan.value, { clientId: client.clientId, slowSalt, now }, ports);
  if (!made.ok) return made;
  const same = client.secrets.filter(({ digest }) => ports.hasher.equal(digest, made.value.kept.digest));
  if (same.some(isLiveNow)) {
    return invalid([{ pointer: `${parent}/value`, detail: "is a live secret of the client already" }]);
  }
  const listed = client.secrets.filter((secret) => {
    const end = endOf(secret, ports.uses.lastOf(secret));
    // One that comes back replaces what it was: a secret stands under one id, or its end could not be told
    return !same.includes(secret) && (end === null || end + keptAfterEnd > now);
  });
  return ok({
    client: { ...client, secrets: [...listed, made.value.kept] },
    secret: made.value.kept,
    shown: made.value.shown,
  });
}

/** When a secret ended or will, as far as it is known: one that ends when idle may yet be used. */
function endOf({ revokedAt, expiresAt, idle }: ClientSecret, lastUse: SecretUse | null): number | null {
  if (revokedAt !== null) return revokedAt;
  if (idle === null) return expiresAt;
  return Math.min(expiresAt ?? Number.POSITIVE_INFINITY, Math.max(idle.since, lastUse?.at ?? 0) + idle.after);
}

/** The idle end that comes of another one: a whole span from now at the most, and never later than it was to be. */
function idleFrom(
  { idle }: ClientSecret,
  { now, lastUse, span }: { readonly now: number; readonly lastUse: SecretUse | null; readonly span: number },
): NonNullable<ClientSecret["idle"]> {
  if (idle === null) return { since: now, after: span };
  const after = Math.min(idle.after, span);
  const end = Math.max(idle.since, lastUse?.at ?? 0) + idle.after;
  return { since: Math.min(now, end - after), after };
}

type End = (secret: ClientSecret, lastUse: SecretUse | null) => ClientSecret;

function readEnd(input: RotationInput, now: number): Result<End, AdminProblem> {
  const { end_old_at: endAt, end_old_when_idle_for: idleFor } = input;
  const wrong = (pointer: string, detail: string): Result<End, AdminProblem> =>
    invalid([{ pointer, detail } satisfies FieldProblem]);
  if (endAt != null && idleFor != null)
    return wrong("/end_old_at", "and end_old_when_idle_for both say when the old secrets end: give one");
  if (idleFor != null) {
    const span = seconds(idleFor, longestIdle);
    if (!span.ok) return wrong("/end_old_when_idle_for", span.error);
    return ok((secret, lastUse) => ({ ...secret, idle: idleFrom(secret, { now, lastUse, span: span.value * 1000 }) }));
  }
  const end = endAt == null ? ok(now + defaultOverlap) : futureInstant(endAt, now);
  if (!end.ok) return wrong("/end_old_at", `${end.error}: to end a secret at once, revoke it`);
  return ok((secret) => ({ ...secret, expiresAt: Math.min(secret.expiresAt ?? Number.POSITIVE_INFINITY, end.value) }));
}
