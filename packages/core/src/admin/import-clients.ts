import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, problem } from "../admin-problem.ts";
import type { Client } from "../client/client.ts";
import type { ClientStore } from "../client/client-store.ts";
import {
  type ClientRegistration,
  clientIdTaken,
  prepareClient,
  type RegistrationPorts,
} from "../client/register-client.ts";

export interface ImportPorts extends Omit<RegistrationPorts, "store"> {
  readonly store: Pick<ClientStore, "insert" | "find">;
}

/** Whether one client was imported (or would be, in a dry run), or why not. */
export type ImportOutcome = Result<{ readonly clientId: string }, AdminProblem>;

/**
 * Registers existing clients with their existing ids and secrets. A refused client does not stop the
 * others. A dry run stores nothing. The outcomes have the order of the clients.
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
  const taken = new Set<string>(await takenIds(prepared, ports));
  const free = prepared.flatMap((client) => (client.ok && !taken.has(client.value.clientId) ? [client.value] : []));
  if (!dryRun) {
    const insertion = free.length === 0 ? undefined : await ports.store.insert(free);
    if (insertion?.kind === "taken") return importClients(registrations, { dryRun }, ports); // another request took an id meanwhile
  }
  return prepared.map((client): ImportOutcome => {
    if (!client.ok) return client;
    return taken.has(client.value.clientId) ? clientIdTaken : ok({ clientId: client.value.clientId });
  });
}

async function prepareImported(
  registration: ClientRegistration,
  ports: ImportPorts,
): Promise<Result<Client, AdminProblem>> {
  if (registration.client_id == null || registration.secret?.value === undefined) {
    return problem("invalid", "client_id and secret.value are required, because an import registers existing clients");
  }
  const prepared = await prepareClient(registration, ports);
  return prepared.ok ? ok(prepared.value.client) : prepared;
}

async function takenIds(
  prepared: readonly Result<Client, AdminProblem>[],
  { store }: ImportPorts,
): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const client of prepared) {
    if (client.ok && (await store.find(client.value.clientId)) !== undefined) taken.push(client.value.clientId);
  }
  return taken;
}
