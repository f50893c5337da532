import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, problem } from "../admin-problem.ts";
import type { Client } from "../client/client.ts";
import type { ClientSecret } from "../client/client-secret.ts";
import { sameSettings } from "../client/client-settings.ts";
import type { ClientStore } from "../client/client-store.ts";
import {
  type ClientRegistration,
  clientsCreated,
  type PreparationPorts,
  prepareClient,
  type RegistrationPorts,
} from "../client/register-client.ts";
import { type PermissionPorts, permitChange } from "./permission.ts";

export interface ImportPorts extends Omit<RegistrationPorts, "store"> {
  readonly store: Pick<ClientStore, "insert" | "find">;
}

/**
 * Whether one client was imported (or would be, in a dry run), or why not. Unchanged: it was registered before with the
 * same settings and secret.
 */
export type ImportOutcome = Result<{ readonly clientId: string; readonly isUnchanged: boolean }, AdminProblem>;

/**
 * Registers existing clients with their existing ids and secrets. A refused client does not stop the
 * others. A dry run stores nothing. One event names every client that was imported. The outcomes have the order of the clients.
 */
export async function importClients(
  registrations: readonly ClientRegistration[],
  { dryRun }: { readonly dryRun: boolean },
  ports: ImportPorts,
): Promise<readonly ImportOutcome[]> {
  const prepared: Result<Client, AdminProblem>[] = [];
  const seen = new Set<string>();
  for (const registration of registrations) {
    const client = await prepareImported(registration, ports);
    const isRepeated = client.ok && seen.has(client.value.clientId);
    if (client.ok) seen.add(client.value.clientId);
    prepared.push(isRepeated ? problem("taken", "this client_id appears twice in the batch") : client);
  }
  const registered = await registeredClients(prepared, ports);
  const free = prepared.flatMap((client) =>
    client.ok && !registered.has(client.value.clientId) ? [client.value] : [],
  );
  if (!dryRun) {
    const event = clientsCreated(free, ports);
    const insertion = free.length === 0 ? undefined : await ports.store.insert(free, { event });
    if (insertion?.kind === "taken") return importClients(registrations, { dryRun }, ports); // another request took an id meanwhile
    if (insertion?.kind === "inserted") await ports.recorder.record(event);
  }
  return prepared.map((client): ImportOutcome => {
    if (!client.ok) return client;
    const { clientId } = client.value;
    const before = registered.get(clientId);
    if (before !== undefined && !isSame(before, client.value)) return registeredOtherwise;
    return ok({ clientId, isUnchanged: before !== undefined });
  });
}

const registeredOtherwise = problem(
  "taken",
  "a client with this client_id is already registered, with other settings or another secret",
);

async function prepareImported(
  registration: ClientRegistration,
  ports: PreparationPorts & PermissionPorts,
): Promise<Result<Client, AdminProblem>> {
  if (registration.client_id == null || registration.secret?.value === undefined) {
    return problem("invalid", "client_id and secret.value are required, because an import registers existing clients");
  }
  const prepared = await prepareClient(registration, ports);
  if (!prepared.ok) return prepared;
  const { client } = prepared.value;
  const permitted = await permitChange({ before: null, after: client, now: client.createdAt }, ports);
  return permitted.ok ? ok(client) : permitted;
}

async function registeredClients(
  prepared: readonly Result<Client, AdminProblem>[],
  { store }: Pick<ImportPorts, "store">,
): Promise<ReadonlyMap<string, Client>> {
  const registered = new Map<string, Client>();
  for (const client of prepared) {
    const found = client.ok ? await store.find(client.value.clientId) : undefined;
    if (found !== undefined) registered.set(found.clientId, found);
  }
  return registered;
}

/** Whether a registered client is as the import describes it, so that importing it again would change nothing. */
function isSame(registered: Client, imported: Client): boolean {
  if (!sameSettings(registered, imported) || registered.workspace !== imported.workspace) return false;
  const [wanted] = imported.secrets.map(textOf);
  return registered.secrets.some((secret) => secret.revokedAt === null && textOf(secret) === wanted);
}

const textOf = ({ digest, label, notBefore, expiresAt }: ClientSecret): string =>
  JSON.stringify([[...digest], label, notBefore, expiresAt]);
