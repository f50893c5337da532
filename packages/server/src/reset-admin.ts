import { changeClient, revokeAllSecrets } from "@carnet/core/admin/change-client";
import { ownAuthority } from "@carnet/core/admin/permission";
import { cliOrigin, type EventIds, type Recorder } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import { defaultSettings, readSettings } from "@carnet/core/client/client-settings";
import { makeSecret } from "@carnet/core/client/make-secret";
import { clientsCreated, prepareClient } from "@carnet/core/client/register-client";
import type { Clock, RandomSource } from "@carnet/core/ports";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { Redacted } from "@carnet/protocol/redacted";
import { ok } from "@carnet/protocol/result";
import {
  adminRegistration,
  type BootstrapAdmin,
  credentialsFileWritten,
  readAdminFile,
  writeAdminFile,
} from "./bootstrap-admin.ts";
import type { Configuration } from "./configuration/load-configuration.ts";
import { OperatorFault } from "./fault.ts";
import { openOwnJournal } from "./journal/own-journal.ts";
import { openStore, refuseMissingStore } from "./store/open-store.ts";
import { createSqlScopeStore } from "./store/sql/scope-store.ts";

/** The admin client with its new secret. */
export interface ResetAdmin extends BootstrapAdmin {
  /** The service's address in the admin file. */
  readonly serverUrl: string;
  /** Why the file could not be written. The caller then has the only copy of the secret. */
  readonly fileProblem: string | undefined;
  /** Why the events are only in the store, and what to do about it. */
  readonly journalProblem: string | undefined;
}

interface Ports {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly eventIds: EventIds & { readonly process: string };
}

/**
 * Restores the admin client to its initial settings, revokes its secrets and adds a new one. Keeps its name and labels.
 * A running service picks this up like any other change, and its admin API refuses tokens of the revoked secrets at
 * once. Throws an OperatorFault if the store or its master key cannot be opened.
 */
export async function resetAdminClient(
  configuration: Configuration,
  serverUrl: string | undefined,
  ports: Ports,
): Promise<ResetAdmin> {
  const { adminFile: file, store, accessTokenTtl } = configuration;
  refuseMissingStore(store);
  const storage = await openStore(configuration, ports.clock, ports.eventIds);
  const journal = await openOwnJournal(configuration, storage.db, ports);
  try {
    // The admin scopes are granted even if they were removed from the catalogue: this command must always restore access
    const scopes = new ScopeCatalogue(createSqlScopeStore(storage.db, { ...storage, node: configuration.node }), true);
    const { client, secret } = await renew({ ...ports, ...storage, accessTokenTtl, scopes, recorder: journal });
    const url = serverUrl ?? readAdminFile(file)?.["server_url"] ?? configuration.issuer;
    const fileProblem = problemOf(() =>
      writeAdminFile(file, { server_url: url, client_id: client.clientId, client_secret: secret.reveal() }),
    );
    if (fileProblem === undefined) {
      const written = credentialsFileWritten({ clientId: client.clientId, file, actor: { type: "cli" } }, ports);
      await storage.events.append(written);
      await journal.record(written);
    }
    const { problem: journalProblem } = journal;
    return { clientId: client.clientId, clientSecret: secret, file, serverUrl: url, fileProblem, journalProblem };
  } finally {
    await journal.close();
    await storage.db.destroy();
  }
}

type RenewPorts = Ports & { readonly recorder: Recorder } & Pick<
    Awaited<ReturnType<typeof openStore>>,
    "store" | "hasher" | "scopes" | "owners"
  > & { readonly accessTokenTtl: number };

async function renew(stored: RenewPorts): Promise<{ client: Client; secret: Redacted<string> }> {
  const ports = { ...stored, origin: cliOrigin("admin_reset"), authority: ownAuthority };
  for (;;) {
    const changed = await changeClient(
      { clientId: adminRegistration.client_id, ifMatch: undefined },
      ports,
      async (client, now) => {
        const { clientName, labels } = client;
        const settings = readSettings(adminRegistration, { ...defaultSettings, labels }, now);
        if (!settings.ok) throw new Error("the admin client's own settings are refused");
        const plan = { label: "reset", notBefore: null, expiresAt: null, existing: undefined };
        const { kept, shown } = await makeSecret(plan, { clientId: client.clientId, now }, ports);
        const ended = revokeAllSecrets(client, now);
        const secrets = [...ended.secrets, kept];
        return ok({ client: { ...ended, ...settings.value, clientName, secrets }, shown });
      },
    );
    if (changed.ok && changed.value.shown !== undefined)
      return { client: changed.value.client, secret: changed.value.shown };
    if (changed.ok || changed.error.kind !== "not_found") throw new Error("the admin client cannot be changed");
    const prepared = await prepareClient(adminRegistration, ports);
    if (!prepared.ok || prepared.value.generatedSecret === undefined)
      throw new Error("the admin client cannot be created");
    const { client, generatedSecret } = prepared.value;
    const event = clientsCreated([client], ports);
    if ((await ports.store.insert([client], { event, owners: [] })).kind !== "inserted") continue;
    await ports.recorder.record(event);
    return { client, secret: generatedSecret };
  }
}

function problemOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof OperatorFault) return error.message;
    throw error;
  }
}
