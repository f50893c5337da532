import { clientChanges } from "@carnet/core/audit/client-changes";
import type { Actor, CredentialsFileWritten } from "@carnet/core/audit/event";
import type { EventStore } from "@carnet/core/audit/event-store";
import { changed, type EventIds, type Recorder, serviceOrigin } from "@carnet/core/audit/recorder";
import type { ClientStore } from "@carnet/core/client/client-store";
import { type ClientRegistration, type PreparationPorts, prepareClient } from "@carnet/core/client/register-client";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";
import type { Clock } from "@carnet/core/ports";
import type { ClientId } from "@carnet/protocol/ids";
import { isLoopbackHost } from "@carnet/protocol/loopback";
import type { Redacted } from "@carnet/protocol/redacted";
import { quoted } from "@carnet/protocol/shell-word";
import type { Kysely } from "kysely";
import { replaceAtomically } from "./configuration/atomic-file.ts";
import { forbidden, readTrusted } from "./configuration/trusted-file.ts";
import { codeOf, OperatorFault } from "./fault.ts";
import { insertClients } from "./store/sql/client-store.ts";
import { type EventPorts, insertEvent } from "./store/sql/event-store.ts";
import { inTurn } from "./store/sql/in-turn.ts";
import type { Tables } from "./store/sql/schema.ts";

/** The first admin client, which can register all others. */
export interface BootstrapAdmin {
  readonly clientId: string;
  readonly clientSecret: Redacted<string>;
  /** The admin file, which holds both for the command line on this machine. */
  readonly file: string;
}

export const adminRegistration = {
  client_id: "carnet-admin",
  client_name: "Bootstrap admin",
  role: "admin",
} as const satisfies ClientRegistration;

/**
 * Registers the admin client in a store that never had one, and returns its secret. Writes the file within the
 * transaction that inserts the client and the events, so an interrupted start leaves none of them, or only the file,
 * which the next start replaces. Throws an OperatorFault if the file cannot be written or belongs to another service.
 */
export async function makeBootstrapAdmin(
  { db, dialect }: { readonly db: Kysely<Tables> } & Pick<EventPorts, "dialect">,
  { issuer, adminFile, node }: { readonly issuer: string; readonly adminFile: string; readonly node: string },
  ports: PreparationPorts & AdminFilePorts,
): Promise<BootstrapAdmin | undefined> {
  if (await isMade(db)) return undefined;
  const prepared = await prepareClient(adminRegistration, ports);
  if (!prepared.ok) throw new Error(prepared.error.detail);
  const { client, generatedSecret } = prepared.value;
  if (generatedSecret === undefined) throw new Error("the admin client has no generated secret");
  refuseForeignFile(adminFile, issuer);
  const objects = clientChanges(null, client);
  const made = changed({ at: client.createdAt, objects }, { ...ports, origin: serviceOrigin("admin_created") });
  const written = credentialsFileWritten({ clientId: client.clientId, file: adminFile, actor: made.actor }, ports);
  const admin = await inTurn({ db, dialect }, "changes", async (transaction) => {
    if (await isMade(transaction)) return undefined; // another process was faster
    await transaction
      .insertInto("sealed_values")
      .values({ name: marker, sealed: new Uint8Array(0) })
      .execute();
    const sameName = transaction.selectFrom("clients").select("client_id").where("client_id", "=", client.clientId);
    if ((await sameName.executeTakeFirst()) !== undefined) return undefined;
    await insertClients(transaction, [client], dialect);
    for (const event of [made, written]) await insertEvent(transaction, event, { node, dialect });
    const clientSecret = generatedSecret.reveal();
    writeAdminFile(adminFile, { server_url: issuer, client_id: client.clientId, client_secret: clientSecret });
    return { clientId: client.clientId, clientSecret: generatedSecret, file: adminFile };
  });
  if (admin !== undefined) for (const event of [made, written]) await ports.recorder.record(event);
  return admin;
}

/** What recording a write of the admin file needs. */
export interface AdminFilePorts {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
}

/** The event of a write of the admin file. */
export const credentialsFileWritten = (
  written: { readonly clientId: ClientId; readonly file: string; readonly actor: Actor },
  { clock, eventIds }: Pick<AdminFilePorts, "clock" | "eventIds">,
): CredentialsFileWritten => ({
  event: "credentials_file_written",
  id: eventIds.next(),
  at: clock.now(),
  requestId: null,
  address: null,
  ...written,
});

/** CARNET_ADMIN_FILE may name the file of a remote service, for the CLI. A local service must not replace it. */
function refuseForeignFile(adminFile: string, issuer: string): void {
  const url = URL.parse(readAdminFile(adminFile)?.["server_url"] ?? "");
  if (url === null || url.origin === issuer || isLoopbackHost(url.hostname)) return;
  throw new OperatorFault(
    `The admin file ${adminFile} is for another service, at ${url.origin}: name another file with --admin-file or CARNET_ADMIN_FILE, or move it away with \`mv ${quoted(adminFile)} ${quoted(`${adminFile}.old`)}\`.`,
  );
}

/**
 * Updates the service's address in the admin file. Leaves a missing file, or one of another service, alone. A file that
 * this start has made is recorded already.
 */
export async function updateAdminFile(
  adminFile: string,
  url: string,
  {
    hasher,
    store,
    events,
    isNew,
    ...ports
  }: AdminFilePorts & {
    readonly isNew: boolean;
    readonly hasher: SecretHasher;
    readonly store: Pick<ClientStore, "findBySecret">;
    readonly events: Pick<EventStore, "append">;
  },
): Promise<void> {
  // Wildcard addresses are only for listening
  const serverUrl = url.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:");
  const content = readAdminFile(adminFile);
  if (content === undefined || content["server_url"] === serverUrl) return;
  const digests = hasher.digests(content["client_id"] ?? "", content["client_secret"] ?? "");
  let found: Awaited<ReturnType<typeof store.findBySecret>>;
  for (const { digest } of digests) found ??= await store.findBySecret(digest);
  if (found === undefined) return;
  writeAdminFile(adminFile, { ...content, server_url: serverUrl });
  if (isNew) return;
  const { clientId } = found.client;
  const written = credentialsFileWritten({ clientId, file: adminFile, actor: { type: "service" } }, ports);
  await events.append(written);
  await ports.recorder.record(written);
}

/** The text members of the admin file, or undefined if it has none. Throws an OperatorFault if others can access it. */
export function readAdminFile(path: string): Readonly<Record<string, string>> | undefined {
  try {
    const content: unknown = JSON.parse(readTrusted(path, forbidden.access));
    if (typeof content !== "object" || content === null) return undefined;
    return Object.fromEntries(Object.entries(content).filter(([, value]) => typeof value === "string"));
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    return undefined;
  }
}

/** A row of `sealed_values` that marks that the admin client was made. Holds no secret. */
const marker = "admin-made";

const isMade = async (db: Kysely<Tables>): Promise<boolean> =>
  (await db.selectFrom("sealed_values").select("name").where("name", "=", marker).executeTakeFirst()) !== undefined;

/** Writes the admin file, readable by its owner only. Throws an OperatorFault if it cannot be written. */
export function writeAdminFile(path: string, content: object): void {
  try {
    replaceAtomically(path, `${JSON.stringify(content, null, 2)}\n`);
  } catch (error) {
    throw new OperatorFault(
      `The file ${path} for the first admin client cannot be written${codeOf(error)}: let this user write there.`,
    );
  }
}
