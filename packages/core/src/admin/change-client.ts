import { parseClientId } from "@carnet/protocol/ids";
import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, invalid, problem } from "../admin-problem.ts";
import { clientChanges } from "../audit/client-changes.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import type { Client } from "../client/client.ts";
import { type ClientSettingsInput, readSettings, sameSettings } from "../client/client-settings.ts";
import type { ClientStore } from "../client/client-store.ts";
import { drawHandle } from "../client/draw.ts";
import { unknownScopes } from "../client/register-client.ts";
import { alreadyCarriedOut, type IdempotencyRecord } from "../idempotency-record.ts";
import type { Clock, RandomSource } from "../ports.ts";
import type { ScopeCatalogue } from "../scope/scope-catalogue.ts";
import { claimsOfNoScope } from "./claim-rule.ts";
import { type Authority, ownerFull, type PermissionPorts, permit, permitChange } from "./permission.ts";
import { revocationLimitOf, tooManyRevocations } from "./revocation-limit.ts";

export interface ChangePorts extends ChangeRecorderPorts, PermissionPorts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly store: Pick<ClientStore, "find" | "replace" | "delete">;
}

/** The client that an operation changes, and the version of it that the caller has seen. */
export interface Target<Outcome = { readonly client: Client }> {
  readonly clientId: string;
  /** The entity tags of `If-Match`; undefined: any version. @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 */
  readonly ifMatch: readonly string[] | undefined;
  /** Makes the record that is stored with the change, for a request with an `Idempotency-Key`. */
  readonly record?: ((outcome: Outcome) => IdempotencyRecord) | undefined;
}

type Versioned = Pick<Client, "createdAt" | "version">;

/** The entity tag of the version of a client or an owner. Making the same one again gives other tags. */
export const entityTagOf = ({ createdAt, version }: Versioned): string => `"${createdAt.toString(36)}-${version}"`;

/** Finds a client by its id. Refuses with `not_found`, even if the client exists but the caller may not see it. */
export async function findClient(
  clientId: string,
  { store, authority }: { readonly store: Pick<ClientStore, "find">; readonly authority: Authority },
): Promise<Result<Client, AdminProblem>> {
  const id = parseClientId(clientId);
  const client = id.ok ? await store.find(id.value) : undefined;
  if (client === undefined) return problem("not_found", "no client with this id is registered");
  const permitted = permit(authority, { target: client });
  return permitted.ok ? ok(client) : permitted;
}

/**
 * Reads a client, decides on its next version, stores it with its event and records the event. Starts over if another request changed it meanwhile.
 * Refuses with `not_found`, `changed`, `last_admin`, what the permission refuses with, and whatever `decide` refuses with.
 */
export async function changeClient<Outcome extends { readonly client: Client }>(
  target: Target<Outcome>,
  ports: ChangePorts,
  decide: (client: Client, now: number) => Promise<Result<Outcome, AdminProblem>>,
): Promise<Result<Outcome, AdminProblem>> {
  for (;;) {
    const found = await findClient(target.clientId, ports);
    if (!found.ok) return found;
    const before = found.value;
    if (!matches(target, before)) return changedMeanwhile;
    const now = ports.clock.now();
    const decided = await decide(before, now);
    if (!decided.ok || decided.value.client === before) return decided;
    const permitted = await permitChange({ before, after: decided.value.client, now }, ports);
    if (!permitted.ok) return permitted;
    const outcome = {
      ...decided.value,
      client: { ...decided.value.client, updatedAt: now, version: before.version + 1 },
    };
    const event = changed({ at: now, objects: clientChanges(before, outcome.client) }, ports);
    const owners = permitted.value;
    const replaced = await ports.store.replace(outcome.client, {
      ...{ event, record: target.record?.(outcome), owners },
      claimsOfNoScope: claimsOfNoScope(ports.authority, before, outcome.client),
      maxRevocations: revocationLimitOf(ports.authority),
    });
    switch (replaced) {
      case "replaced":
        await ports.recorder.record(event);
        return ok(outcome);
      case "repeated":
        return alreadyCarriedOut;
      case "last_admin":
        return lastAdmin;
      case "owner_full":
        return ownerFull(owners[0], ports.authority);
      case "too_many_revocations":
        return tooManyRevocations(before, ports.authority);
      case "changed":
      case "owner_changed":
        continue; // decide again on what is stored now
      default:
        return replaced satisfies never;
    }
  }
}

const lastAdmin = problem(
  "last_admin",
  "no other active admin over all owners has the scope carnet:clients:write, no address list and a secret that works and has no end, so this one must stay as it is: make another one first",
);

/** Whether the caller has seen this version, or did not say which one. */
export const matches = ({ ifMatch }: Pick<Target, "ifMatch">, object: Versioned): boolean =>
  ifMatch === undefined || ifMatch.includes("*") || ifMatch.includes(entityTagOf(object));

const changedMeanwhile = problem(
  "changed",
  "the client was changed after its ETag was read: read it again and repeat the change",
);

/**
 * Changes settings. A new username revokes all secrets, as on the platform that this service is compatible with. That
 * and disabling the client revoke its tokens. If nothing differs, the version stays the same. Refuses with `invalid`, `not_found` and `changed`.
 */
export function changeSettings(
  target: Target,
  input: ClientSettingsInput,
  ports: ChangePorts & { readonly scopes: ScopeCatalogue },
): Promise<Result<{ client: Client }, AdminProblem>> {
  return changeClient(target, ports, async (client, now) => {
    const settings = readSettings(input, client, now);
    const unknown = await unknownScopes(input, client.scopes, ports);
    if (!settings.ok || unknown.length > 0) return invalid([...(settings.ok ? [] : settings.error), ...unknown]);
    if (sameSettings(settings.value, client)) return ok({ client });
    const next: Client = { ...client, ...settings.value };
    if (next.username !== client.username) return ok({ client: revokeTokens(revokeAllSecrets(next, now), ports) });
    const isDisabled = next.status === "disabled" && client.status !== "disabled";
    return ok({ client: isDisabled ? revokeTokens(next, ports) : next });
  });
}

/**
 * A client whose tokens are all revoked: it gets another handle, and the store revokes the one that it had. Tokens that
 * are issued with the new handle are valid, so no time has to be compared, and a client that is enabled again can get
 * tokens at once.
 */
export const revokeTokens = (client: Client, { random }: { readonly random: RandomSource }): Client => ({
  ...client,
  handle: drawHandle(random),
});

/** A client with every secret revoked. */
export const revokeAllSecrets = (client: Client, now: number): Client => ({
  ...client,
  secrets: client.secrets.map((secret) => (secret.revokedAt === null ? { ...secret, revokedAt: now } : secret)),
});

/** Deletes a client with its secrets. Refuses with `not_found`, `changed` and `last_admin`. */
export async function deleteClient(target: Target, ports: ChangePorts): Promise<Result<undefined, AdminProblem>> {
  for (;;) {
    const found = await findClient(target.clientId, ports);
    if (!found.ok) return found;
    if (!matches(target, found.value)) return changedMeanwhile;
    const event = changed({ at: ports.clock.now(), objects: clientChanges(found.value, null) }, ports);
    const deleted = await ports.store.delete(found.value, {
      event,
      maxRevocations: revocationLimitOf(ports.authority),
    });
    if (deleted === "last_admin") return lastAdmin;
    if (deleted === "too_many_revocations") return tooManyRevocations(found.value, ports.authority);
    if (deleted === "deleted") {
      await ports.recorder.record(event);
      return ok(undefined);
    }
  }
}
