import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, problem } from "../admin-problem.ts";
import type { RefusedClients } from "../audit/event.ts";
import type { Client } from "../client/client.ts";
import type { ClientSecret } from "../client/client-secret.ts";
import { sameSettings } from "../client/client-settings.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { MadeSecret } from "../client/make-secret.ts";
import {
  type ClientRegistration,
  clientIdTaken,
  clientsCreated,
  completeRegistration,
  prepareClient,
  type RegistrationPorts,
} from "../client/register-client.ts";
import { includesDigest } from "../client/secret-hasher.ts";
import type { Owner } from "../owner/owner.ts";
import type { OwnerStore } from "../owner/owner-store.ts";
import { claimsOfNoScope } from "./claim-rule.ts";
import { canSee, ownerFull, permitChange } from "./permission.ts";

export interface ImportPorts extends Omit<RegistrationPorts, "store"> {
  readonly store: Pick<ClientStore, "insert" | "find">;
  readonly owners: Pick<OwnerStore, "find" | "countClients">;
}

/** A client that may be imported, and the owners that it names. */
interface ImportedClient {
  readonly client: Client;
  readonly digests: MadeSecret["digests"];
  readonly owners: readonly [Owner, ...Owner[]];
}

/**
 * Whether one client was imported (or would be, in a dry run), or why not. Unchanged: it was registered before with the
 * same settings and secret.
 */
export type ImportOutcome = Result<{ readonly clientId: string; readonly isUnchanged: boolean }, AdminProblem>;

/**
 * Registers existing clients with their existing ids and secrets. A refused client does not stop the
 * others, but an owner whose maximum the batch exceeds gets none of them. A dry run stores nothing. One event names every
 * client that was imported. The outcomes have the order of the clients.
 */
export async function importClients(
  registrations: readonly ClientRegistration[],
  { dryRun }: { readonly dryRun: boolean },
  given: ImportPorts,
): Promise<readonly ImportOutcome[]> {
  const ports = { ...given, owners: readOnce(given.owners) };
  const prepared: Result<ImportedClient, AdminProblem>[] = [];
  const seen = new Set<string>();
  for (const registration of registrations) {
    const one = await prepareImported(registration, ports);
    const isRepeated = one.ok && seen.has(one.value.client.clientId);
    if (one.ok) seen.add(one.value.client.clientId);
    prepared.push(isRepeated ? problem("taken", "this client_id appears twice in the batch") : one);
  }
  const registered = await registeredClients(prepared, ports);
  const isNew = ({ client }: ImportedClient): boolean => !registered.has(client.clientId);
  const fresh = prepared.flatMap((one) => (one.ok && isNew(one.value) ? [one.value] : []));
  const full = await fullOwners(fresh, ports);
  const isOverfull = ({ client }: ImportedClient): boolean => client.role === null && full.has(client.owner);
  const free = fresh.filter((one) => !isOverfull(one));
  const outcomes = prepared.map((one): ImportOutcome => {
    if (!one.ok) return one;
    const { client, owners, digests } = one.value;
    const before = registered.get(client.clientId);
    if (before === undefined) {
      const [owner] = owners;
      return isOverfull(one.value)
        ? ownerFull(owner, ports.authority)
        : ok({ clientId: client.clientId, isUnchanged: false });
    }
    if (!canSee(ports.authority.caller, before)) return clientIdTaken;
    return isSame(before, client, digests) ? ok({ clientId: client.clientId, isUnchanged: true }) : registeredOtherwise;
  });
  if (!dryRun && free.length > 0) {
    const clients = free.map(({ client }) => client);
    const event = { ...clientsCreated(clients, ports), refused: refusedClients(outcomes) };
    const insertion = await ports.store.insert(clients, {
      ...{ event, owners: distinctOwners(free) },
      claimsOfNoScope: clients.flatMap((client) => claimsOfNoScope(ports.authority, null, client)),
    });
    // Another request took an id or a place, or changed an owner, meanwhile
    if (insertion.kind !== "inserted") return importClients(registrations, { dryRun }, given);
    await ports.recorder.record(event);
  }
  return outcomes;
}

const maxPositions = 100;

/** Which rules refused how many clients of an import, for its event. */
export function refusedClients(outcomes: readonly ImportOutcome[]): readonly RefusedClients[] {
  const refused = outcomes.flatMap((outcome, position) => (outcome.ok ? [] : [{ position, ...outcome.error }]));
  const groups = Map.groupBy(refused, ({ kind, rule = "" }) => `${kind} ${rule}`);
  const listed = new Set(refused.slice(0, maxPositions).map(({ position }) => position));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const positions = group.map(({ position }) => position).filter((position) => listed.has(position));
    return [{ reason: first.kind, rule: first.rule ?? null, count: group.length, positions }];
  });
}

/** Reads each owner once, because hundreds of clients have the same. The store checks that it was not changed meanwhile. */
function readOnce(owners: ImportPorts["owners"]): ImportPorts["owners"] {
  const found = new Map<string, Promise<Owner | undefined>>();
  return {
    countClients: (names) => owners.countClients(names),
    find(name) {
      const owner = found.get(name) ?? owners.find(name);
      found.set(name, owner);
      return owner;
    },
  };
}

const registeredOtherwise = problem(
  "taken",
  "a client with this client_id is already registered, with other settings or another secret",
);

async function prepareImported(
  registration: ClientRegistration,
  ports: ImportPorts,
): Promise<Result<ImportedClient, AdminProblem>> {
  if (registration.client_id == null || registration.secret?.value === undefined) {
    return problem("invalid", "client_id and secret.value are required, because an import registers existing clients");
  }
  const prepared = await prepareClient(await completeRegistration(registration, ports), ports);
  if (!prepared.ok) return prepared;
  const { client, digests } = prepared.value;
  const permitted = await permitChange({ before: null, after: client, now: client.createdAt }, ports);
  return permitted.ok ? ok({ client, digests, owners: permitted.value }) : permitted;
}

async function registeredClients(
  prepared: readonly Result<ImportedClient, AdminProblem>[],
  { store }: Pick<ImportPorts, "store">,
): Promise<ReadonlyMap<string, Client>> {
  const registered = new Map<string, Client>();
  for (const one of prepared) {
    const found = one.ok ? await store.find(one.value.client.clientId) : undefined;
    if (found !== undefined) registered.set(found.clientId, found);
  }
  return registered;
}

const distinctOwners = (clients: readonly ImportedClient[]): readonly Owner[] => [
  ...new Map(clients.flatMap(({ owners }) => owners).map((owner) => [owner.name, owner])).values(),
];

/** The owners that would have more clients than their policies allow. The store checks it again. */
async function fullOwners(
  clients: readonly ImportedClient[],
  { owners }: Pick<ImportPorts, "owners">,
): Promise<ReadonlySet<string>> {
  const bounded = distinctOwners(clients).filter(({ policy }) => policy.maxClients !== null);
  if (bounded.length === 0) return new Set();
  const counts = await owners.countClients(bounded.map(({ name }) => name));
  const added = (name: string): number =>
    clients.filter(({ client }) => client.role === null && client.owner === name).length;
  const isFull = ({ name, policy }: Owner): boolean =>
    added(name) > 0 && (counts.get(name) ?? 0) + added(name) > (policy.maxClients ?? Number.POSITIVE_INFINITY);
  return new Set(bounded.filter(isFull).map(({ name }) => name));
}

/** Whether a registered client is as the import describes it, so that importing it again would change nothing. */
function isSame(registered: Client, imported: Client, digests: MadeSecret["digests"]): boolean {
  if (!sameSettings(registered, imported) || registered.workspace !== imported.workspace) return false;
  const [wanted] = imported.secrets;
  return registered.secrets.some(
    (secret) =>
      wanted !== undefined &&
      secret.revokedAt === null &&
      includesDigest(digests, secret.digest) &&
      isSameSecret(secret, wanted),
  );
}

/** An end that the policy fills in counts from when the secret was made, so a later import has a later one. */
const isSameSecret = (one: ClientSecret, other: ClientSecret): boolean =>
  textOf(one) === textOf(other) && (one.expiresAt === other.expiresAt || lifetimeOf(one) === lifetimeOf(other));

const lifetimeOf = ({ createdAt, expiresAt }: ClientSecret): number | null =>
  expiresAt === null ? null : expiresAt - createdAt;

const textOf = ({ label, notBefore }: ClientSecret): string => JSON.stringify([label, notBefore]);
