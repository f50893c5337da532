import type { ClientStore } from "@carnet/core/client/client-store";
import type { ClientId } from "@carnet/protocol/ids";
import { type CompiledQuery, type Kysely, sql } from "kysely";
import { type ReadSecretRow, toClient } from "./client-rows.ts";
import type { Tables } from "./schema.ts";

/** Reads single clients: by id, or by the digest of a secret. */
export function createClientLookup(db: Kysely<Tables>): Pick<ClientStore, "find" | "findBySecret" | "identify"> {
  const readClient = prepare<ClientId, ClientQueryRow>(db, clientQuery(db, "" as ClientId).compile());
  const probe = prepare<Uint8Array, SecretProbeRow>(db, secretProbe(db, new Uint8Array()).compile());
  const find: ClientStore["find"] = async (clientId) => {
    const rows = await readClient(clientId);
    const [row] = rows;
    return row && toClient(row, rows.flatMap(secretOf));
  };
  return {
    find,
    async identify(digest) {
      const [found] = await probe(digest);
      return found && { clientId: found.client_id, secretId: found.secret_id };
    },
    async findBySecret(digest) {
      const [found] = await probe(digest);
      if (found === undefined) return undefined;
      const client = await find(found.client_id);
      const secret = client?.secrets.find(({ secretId }) => secretId === found.secret_id);
      return client && secret && { client, secret };
    },
  };
}

/** Touches the unique index on the digest and nothing else. */
const secretProbe = (db: Kysely<Tables>, digest: Uint8Array) =>
  db.selectFrom("client_secrets").select(["client_id", "secret_id"]).where("digest", "=", digest);

type SecretProbeRow = Awaited<ReturnType<ReturnType<typeof secretProbe>["execute"]>>[number];

/** One row for each secret of the client, or one row without a secret. */
function clientQuery(db: Kysely<Tables>, clientId: ClientId) {
  return db
    .selectFrom("clients as client")
    .leftJoin("client_secrets as secret", "secret.client_id", "client.client_id")
    .leftJoin("secret_uses as use", "use.secret_id", "secret.secret_id")
    .leftJoin("peppers as pepper", "pepper.pepper_id", "secret.pepper")
    .where("client.client_id", "=", clientId)
    .orderBy("secret.place")
    .selectAll("client")
    .select([
      "secret.secret_id",
      "secret.handle as secret_handle",
      "secret.kind",
      "secret.digest",
      "secret.pepper",
      "pepper.ends_at as pepper_ends_at",
      "secret.created_at as secret_created_at",
      "secret.expires_at as secret_expires_at",
      "secret.label",
      "secret.not_before",
      "secret.idle_since",
      "secret.idle_after",
      "secret.revoked_at",
      "use.used_at",
      "use.used_from",
    ]);
}

/** Clients with a live secret that an earlier version stored under a slow hash, which is no longer checked. */
export async function clientsWithSlowSecrets(db: Kysely<Tables>): Promise<readonly ClientId[]> {
  const rows = await db
    .selectFrom("client_secrets")
    .select("client_id")
    .distinct()
    .where("kind", "=", sql.lit("human"))
    .where("revoked_at", "is", null)
    .execute();
  return rows.map(({ client_id }) => client_id);
}

type ClientQueryRow = Awaited<ReturnType<ReturnType<typeof clientQuery>["execute"]>>[number];

/** Runs a query that was compiled once, with one parameter: compiling takes longer than running it. */
const prepare =
  <Value, Row>(db: Kysely<Tables>, compiled: CompiledQuery<Row>) =>
  async (value: Value): Promise<readonly Row[]> =>
    (await db.executeQuery<Row>({ ...compiled, parameters: [value] })).rows;

/** Empty if the client has no secret: the join then leaves the columns null. */
const secretOf = (row: ClientQueryRow): ReadSecretRow[] =>
  row.secret_id === null
    ? []
    : [
        {
          ...row,
          handle: row.secret_handle,
          created_at: row.secret_created_at,
          expires_at: row.secret_expires_at,
        } as ReadSecretRow,
      ];
