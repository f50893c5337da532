import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ClientRegistration, prepareClient, type RegistrationPorts } from "@carnet/core/client/register-client";
import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type { Redacted } from "@carnet/protocol/redacted";
import type { Kysely } from "kysely";
import { OperatorFault } from "./fault.ts";
import { insertClients } from "./store/sql/client-store.ts";
import type { Tables } from "./store/sql/schema.ts";
import type { SqlDialect } from "./store/sql/sql-dialect.ts";

/** The first admin client: the one that all others can be made with. */
export interface BootstrapAdmin {
  readonly clientId: string;
  readonly clientSecret: Redacted<string>;
  /** The file that holds them, for the command line on this machine. */
  readonly file: string;
}

/** The admin client as the first start makes it. */
export const adminRegistration = {
  client_id: "carnet-admin",
  client_name: "Bootstrap admin",
  scope: Object.values(adminScopes).join(" "),
  audience: adminAudienceName,
} as const satisfies ClientRegistration;

/** Beside the store. */
export const bootstrapFile = (storePath: string): string => join(dirname(storePath), "admin.json");

/**
 * Makes the admin client in a store that never had one, and gives its secret this once. The file is written within the
 * transaction that keeps the client: a start that is cut short leaves neither or the file alone, which the next start
 * writes anew. A store whose admin client was deleted gets no other, and one that has a client of this name keeps it.
 */
export async function makeBootstrapAdmin(
  { db, dialect }: { readonly db: Kysely<Tables>; readonly dialect: SqlDialect },
  { issuer, storePath }: { readonly issuer: string; readonly storePath: string },
  ports: Omit<RegistrationPorts, "store">,
): Promise<BootstrapAdmin | undefined> {
  if (await isMade(db)) return undefined;
  const prepared = await prepareClient(adminRegistration, ports);
  if (!prepared.ok) throw new Error(prepared.error.detail);
  const { client, generatedSecret } = prepared.value;
  if (generatedSecret === undefined) throw new Error("the admin client has no generated secret");
  const file = bootstrapFile(storePath);
  return db.transaction().execute(async (transaction) => {
    if (await isMade(transaction)) return undefined; // another process was quicker
    await transaction
      .insertInto("sealed_values")
      .values({ name: marker, sealed: new Uint8Array(0) })
      .execute();
    const sameName = transaction.selectFrom("clients").select("client_id").where("client_id", "=", client.clientId);
    if ((await sameName.executeTakeFirst()) !== undefined) return undefined;
    await insertClients(transaction, [client], dialect);
    writeAdminFile(file, { server_url: issuer, client_id: client.clientId, client_secret: generatedSecret.reveal() });
    return { clientId: client.clientId, clientSecret: generatedSecret, file };
  });
}

/** Tells the command line on this machine where the service listens now. A file that was taken away stays away. */
export function pointBootstrapFileAt(url: string, storePath: string): void {
  const file = bootstrapFile(storePath);
  // An address that stands for all of the machine's is one to listen on, not one to call
  const serverUrl = url.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:");
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return; // gone, or no longer ours to write
  }
  if (typeof content !== "object" || content === null || !("client_secret" in content)) return;
  if ("server_url" in content && content.server_url === serverUrl) return;
  writeAdminFile(file, { ...content, server_url: serverUrl });
}

/** Stands among the sealed values, though nothing of it is secret. */
const marker = "admin-made";

const isMade = async (db: Kysely<Tables>): Promise<boolean> =>
  (await db.selectFrom("sealed_values").select("name").where("name", "=", marker).executeTakeFirst()) !== undefined;

/** Writes the file whole or not at all, for its owner alone. Throws an OperatorFault where it cannot be written. */
export function writeAdminFile(path: string, content: object): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    rmSync(draft, { force: true });
    const file = openSync(draft, "wx", 0o600); // what is there already keeps its mode, or leads elsewhere
    try {
      writeSync(file, `${JSON.stringify(content, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new OperatorFault(
      `The file ${path} for the first admin client cannot be written${code}: let this user write there.`,
    );
  }
}
