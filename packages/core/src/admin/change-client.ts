import { parseClientId } from "@carnet/protocol/ids";
import { ok, type Result } from "@carnet/protocol/result";
import type { Client } from "../client/client.ts";
import { type ClientSettingsInput, readSettings, sameSettings } from "../client/client-settings.ts";
import type { ClientStore } from "../client/client-store.ts";
import { unknownScopes } from "../client/register-client.ts";
import type { Clock } from "../ports.ts";
import type { ScopeCatalogue } from "../scope/scope-catalogue.ts";
import { type AdminProblem, invalid, problem } from "./admin-problem.ts";
import { type KeptAnswer, repeatedInBetween } from "./idempotency.ts";
import { withSecretsEnded } from "./secrets.ts";

export interface ChangePorts {
  readonly clock: Clock;
  readonly store: Pick<ClientStore, "find" | "replace" | "delete">;
}

/** Which client an operation is about, and the state in which the caller last saw it. */
export interface Target<Outcome = { readonly client: Client }> {
  readonly clientId: string;
  /** The entity tags of `If-Match`; undefined: whatever the state. @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 */
  readonly ifMatch: readonly string[] | undefined;
  /** Makes the answer that is kept with the change, for a request that may come again. */
  readonly keep?: ((outcome: Outcome) => KeptAnswer) | undefined;
}

/** The entity tag of a client's state. Differs for a client that is registered anew under an old id. */
export const entityTagOf = (client: Client): string => `"${client.createdAt.toString(36)}-${client.version}"`;

/** The client by its id. Refuses with `not_found`. */
export async function findClient(
  clientId: string,
  { store }: Pick<ChangePorts, "store">,
): Promise<Result<Client, AdminProblem>> {
  const id = parseClientId(clientId);
  const lookup = id.ok ? await store.find(id.value) : undefined;
  return lookup?.known ? ok(lookup.client) : problem("not_found", "no client with this id is registered");
}

/**
 * Reads a client, decides on its next state and keeps that, again from the start where somebody else was quicker.
 * Refuses with `not_found`, `changed`, and what the decision refuses with.
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
    if (!matches(target, before)) return changedInBetween;
    const now = ports.clock.now();
    const decided = await decide(before, now);
    if (!decided.ok || decided.value.client === before) return decided;
    const outcome = {
      ...decided.value,
      client: { ...decided.value.client, updatedAt: now, version: before.version + 1 },
    };
    const replaced = await ports.store.replace(outcome.client, target.keep?.(outcome));
    if (replaced === "replaced") return ok(outcome);
    if (replaced === "repeated") return repeatedInBetween;
  }
}

const matches = ({ ifMatch }: Pick<Target, "ifMatch">, client: Client): boolean =>
  ifMatch === undefined || ifMatch.includes("*") || ifMatch.includes(entityTagOf(client));

const changedInBetween = problem(
  "changed",
  "the client was changed since its ETag was read: read it again and decide anew",
);

/**
 * Changes settings; what is set so already is no change. Another username ends all secrets at once, as on the platform that this service is compatible
 * with. Refuses with `invalid`, `not_found` and `changed`.
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
    const changed: Client = { ...client, ...settings.value };
    return ok({ client: changed.username === client.username ? changed : withSecretsEnded(changed, now) });
  });
}

/** Deletes a client with its secrets. Refuses with `not_found` and `changed`. */
export async function deleteClient(target: Target, ports: ChangePorts): Promise<Result<undefined, AdminProblem>> {
  for (;;) {
    const found = await findClient(target.clientId, ports);
    if (!found.ok) return found;
    if (!matches(target, found.value)) return changedInBetween;
    if ((await ports.store.delete(found.value)) === "deleted") return ok(undefined);
  }
}
