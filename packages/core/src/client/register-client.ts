import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import type { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import { claimsOfNoScope } from "../admin/claim-rule.ts";
import { ownerFull, ownsAll, type PermissionPorts, permitChange } from "../admin/permission.ts";
import { type AdminProblem, type FieldProblem, invalid, problem, problemsUnder } from "../admin-problem.ts";
import { clientChanges } from "../audit/client-changes.ts";
import type { ObjectsChanged } from "../audit/event.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import { alreadyCarriedOut, type IdempotencyRecord } from "../idempotency-record.ts";
import { defaultOwner } from "../owner/owner.ts";
import { withPolicyEnd, withPolicySettings } from "../owner/policy.ts";
import type { Clock } from "../ports.ts";
import type { ScopeCatalogue } from "../scope/scope-catalogue.ts";
import type { Client } from "./client.ts";
import { type ClientSettingsInput, defaultSettings, readSettings } from "./client-settings.ts";
import type { ClientStore } from "./client-store.ts";
import { drawHandle } from "./draw.ts";
import { label, scopeNames } from "./fields.ts";
import { type MadeSecret, type MakeSecretPorts, makeSecret, type NewSecretInput, planSecret } from "./make-secret.ts";

/** A client to register, as an operator describes it. */
export interface ClientRegistration extends ClientSettingsInput {
  readonly client_id?: string | null | undefined;
  readonly workspace?: string | null | undefined;
  /** The first secret. Absent: generate one. */
  readonly secret?: NewSecretInput | undefined;
}

export interface RegisteredClient {
  readonly client: Client;
  /** Shown once, and stored only in an idempotency record. Absent for an imported secret. */
  readonly generatedSecret: Redacted<string> | undefined;
}

export interface PreparationPorts extends MakeSecretPorts {
  readonly clock: Clock;
  readonly scopes: ScopeCatalogue;
}

export interface RegistrationPorts extends PreparationPorts, ChangeRecorderPorts, PermissionPorts {
  readonly store: Pick<ClientStore, "insert">;
  readonly scopes: ScopeCatalogue;
}

/**
 * Stores a new client with one secret, and records the event. Its owner's policy fills in what the registration leaves
 * out. Refuses with `invalid` and all invalid fields, with `taken`, with what the permission refuses with, or with
 * `repeated` if the store has a record of the same request. Then it stores nothing.
 */
export async function registerClient(
  registration: ClientRegistration,
  ports: RegistrationPorts,
  record?: (registered: RegisteredClient) => IdempotencyRecord,
): Promise<Result<RegisteredClient, AdminProblem>> {
  const prepared = await prepareClient(await completeRegistration(registration, ports), ports);
  if (!prepared.ok) return prepared;
  const { client } = prepared.value;
  const permitted = await permitChange({ before: null, after: client, now: client.createdAt }, ports);
  if (!permitted.ok) return permitted;
  const owners = permitted.value;
  const event = clientsCreated([client], ports);
  const insertion = await ports.store.insert([client], {
    ...{ event, record: record?.(prepared.value), owners },
    claimsOfNoScope: claimsOfNoScope(ports.authority, null, client),
  });
  switch (insertion.kind) {
    case "inserted":
      await ports.recorder.record(event);
      return prepared;
    case "taken":
      return clientIdTaken;
    case "repeated":
      return alreadyCarriedOut;
    case "owner_full":
      return ownerFull(insertion.owner, ports.authority);
    case "owner_changed":
      return registerClient(registration, ports, record); // decide again by the policy that is stored now
    default:
      return insertion satisfies never;
  }
}

/**
 * A registration with what it leaves out: its owner, which is the caller's only one or `default`, and what the owner's
 * policy gives. Leaves a registration for an owner that does not exist for the caller alone, so that no error
 * reveals its policy.
 */
export async function completeRegistration(
  registration: ClientRegistration,
  { authority: { caller }, owners, accessTokenTtl, clock }: PermissionPorts & Pick<PreparationPorts, "clock">,
): Promise<ClientRegistration> {
  if (registration.role != null) return registration;
  const [only] = caller.owners?.length === 1 ? caller.owners : [];
  const name = registration.owner ?? only ?? defaultOwner;
  const owner = ownsAll(caller, [name]) ? await owners.find(name) : undefined;
  if (owner === undefined) return { ...registration, owner: name };
  return {
    ...withPolicySettings(registration, owner.policy, { accessTokenTtl }),
    owner: name,
    secret: withPolicyEnd(registration.secret ?? {}, owner.policy, clock.now()),
  };
}

/** Does not say whose client it is, because it may not exist for the caller. */
export const clientIdTaken = problem("taken", "a client with this client_id is already registered");

/** The event of new clients. Clients without scopes are usually a mistake, so it warns of them. */
export function clientsCreated(
  clients: readonly Client[],
  ports: Pick<RegistrationPorts, "clock" | "eventIds" | "origin">,
): ObjectsChanged {
  const count = clients.filter(({ scopes }) => scopes.length === 0).length;
  const warning = count === 0 ? null : `${count === 1 ? "1 client has" : `${count} clients have`} no scopes`;
  return changed(
    { at: ports.clock.now(), objects: clients.flatMap((client) => clientChanges(null, client)), warning },
    ports,
  );
}

/** A client that was built and is not stored. */
export type PreparedClient = RegisteredClient & Pick<MadeSecret, "digests">;

/** Builds the client of a registration. Stores nothing. */
export async function prepareClient(
  registration: ClientRegistration,
  ports: PreparationPorts,
): Promise<Result<PreparedClient, AdminProblem>> {
  const now = ports.clock.now();
  const problems: FieldProblem[] = [];
  const collect = <Value>(result: Result<Value, readonly FieldProblem[]>): Value | undefined => {
    if (result.ok) return result.value;
    problems.push(...result.error);
    return undefined;
  };
  const settings = collect(readSettings(registration, defaultSettings, now));
  const clientId = collect(
    at("/client_id", registration.client_id == null ? ok(newId(ports)) : newClientId(registration.client_id)),
  );
  const workspace = collect(
    at("/workspace", registration.workspace == null ? ok(null) : label(registration.workspace)),
  );
  problems.push(...(await unknownScopes(registration, [], ports)));
  const planned = planSecret(registration.secret ?? {}, now);
  const plan = collect(planned.ok ? planned : err(problemsUnder("/secret", planned.error)));
  const missing = settings === undefined || clientId === undefined || workspace === undefined || plan === undefined;
  if (missing || problems.length > 0) return invalid(problems);
  const { kept, digests, shown } = await makeSecret(plan, { clientId, now }, ports);
  const client: Client = {
    ...settings,
    clientId,
    handle: drawHandle(ports.random),
    workspace,
    createdAt: now,
    updatedAt: now,
    version: 1,
    secrets: [kept],
  };
  return ok({ client, digests, generatedSecret: shown });
}

/** Finds added scopes that are not in the catalogue. */
export async function unknownScopes(
  { scope }: Pick<ClientSettingsInput, "scope">,
  current: readonly string[],
  { scopes }: Pick<PreparationPorts, "scopes">,
): Promise<readonly FieldProblem[]> {
  const names = scopeNames(scope ?? "");
  const added = names.ok ? names.value.filter((name) => !current.includes(name)) : [];
  const unknown = await scopes.unknown(added);
  if (unknown.length === 0) return [];
  const detail = `has scopes that are not in the catalogue: ${unknown.join(" ")}; add them to the catalogue first`;
  return [{ pointer: "/scope", detail }];
}

/** A client id that is safe in a URL path. @see https://url.spec.whatwg.org/#double-dot-path-segment */
const newClientId = (text: string): Result<ClientId, string> =>
  text === "." || text === ".." ? err("must not be . or .., which URLs treat as path segments") : parseClientId(text);

const newId = ({ random }: MakeSecretPorts): ClientId => random.uuid() as ClientId;

const at = <Value>(pointer: string, result: Result<Value, string>): Result<Value, readonly FieldProblem[]> =>
  result.ok ? result : err([{ pointer, detail: result.error }]);
