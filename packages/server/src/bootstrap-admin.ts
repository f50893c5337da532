import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ClientRegistration, prepareClient, type RegistrationPorts } from "@carnet/core/client/register-client";
import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type { Redacted } from "@carnet/protocol/redacted";
import type { Kysely } from "kysely";
import { OperatorFault } from "./fault.ts";
import type { Tables } from "./store/schema.ts";

/** The first admin client: the one that all others can be made with. */
export interface BootstrapAdmin {
  readonly clientId: string;
  readonly clientSecret: Redacted<string>;
  /** The file that holds them, for the command line on this machine. */
  readonly file: string;
}

const registration: ClientRegistration = {
  client_id: "carnet-admin",
  client_name: "Bootstrap admin",
  scope: Object.values(adminScopes).join(" "),
  audience: adminAudienceName,
};

export const bootstrapFile = (storePath: string): string => join(dirname(storePath), "admin.json");

/**
 * Makes the admin client in a store that never had one, and gives its secret this once. The file is written before the
 * client is kept: a start that is cut short in between is made up for by the next one. A store whose admin client was
 * deleted gets no other.
 */
export async function makeBootstrapAdmin(
  db: Kysely<Tables>,
  { issuer, storePath }: { readonly issuer: string; readonly storePath: string },
  ports: RegistrationPorts,
): Promise<BootstrapAdmin | undefined> {
  const made = await db.selectFrom("sealed_values").select("name").where("name", "=", "admin-made").executeTakeFirst();
  if (made !== undefined) return undefined;
  const prepared = await prepareClient(registration, ports);
  if (!prepared.ok) throw new Error(prepared.error.detail);
  const { client, generatedSecret } = prepared.value;
  if (generatedSecret === undefined) throw new Error("the admin client has no generated secret");
  const file = bootstrapFile(storePath);
  writePrivately(file, { server_url: issuer, client_id: client.clientId, client_secret: generatedSecret.reveal() });
  const insertion = await ports.store.insert([client]);
  await db
    .insertInto("sealed_values")
    .values({ name: "admin-made", sealed: new Uint8Array(0) })
    .onConflict((c) => c.doNothing())
    .execute();
  return insertion.kind === "inserted" ? { clientId: client.clientId, clientSecret: generatedSecret, file } : undefined;
}

function writePrivately(path: string, content: Readonly<Record<string, string>>): void {
  try {
    const file = openSync(path, "w", 0o600);
    writeSync(file, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(file);
    closeSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new OperatorFault(
      `The file ${path} for the first admin client cannot be written${code}: let this user write there.`,
    );
  }
}
