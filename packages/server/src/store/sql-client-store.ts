import type { Client } from "@carnet/core/client/client";
import type { ClientLookup, ClientStore } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { ClientId } from "@carnet/protocol/ids";
import { type Kysely, sql } from "kysely";
import { type SecretRow, toClient, toClientRow, toSecretRow } from "./client-rows.ts";
import type { Tables } from "./schema.ts";

/** Clients in an SQL database. The decoy that a reading of nobody falls back to is a row like any other. */
export function createSqlClientStore(db: Kysely<Tables>): ClientStore {
  return {
    find: (clientId) => find(db, clientId),
    insert: (client) => insert(db, client),
    list: (page) => list(db, page),
  };
}

async function find(db: Kysely<Tables>, clientId: ClientId | undefined): Promise<ClientLookup> {
  // One statement that always ends on a row, so that an unknown id is as much work as a known one
  const rows = await db
    .selectFrom("clients as client")
    .leftJoin("client_secrets as secret", "secret.client_id", "client.client_id")
    .where("client.client_id", "=", (where) =>
      where.fn.coalesce(
        where
          .selectFrom("clients as sought")
          .select("sought.client_id")
          .where("sought.client_id", "=", clientId ?? decoyClient.clientId),
        sql.lit<string>(decoyClient.clientId),
      ),
    )
    .selectAll("client")
    .select([
      "secret.secret_id",
      "secret.kind",
      "secret.digest",
      "secret.salt",
      "secret.created_at as secret_created_at",
      "secret.expires_at as secret_expires_at",
    ])
    .select((select) =>
      select
        .exists(
          select.selectFrom("client_secrets as slow").select("slow.kind").where("slow.kind", "=", sql.lit("human")),
        )
        .as("any_slow_secret"),
    )
    .execute();
  const [row] = rows;
  if (row === undefined) throw new Error("the store has lost its decoy client");
  const secrets = rows.flatMap((joined): SecretRow[] => {
    const { secret_id, kind, digest, salt, secret_created_at, secret_expires_at } = joined;
    if (secret_id === null || kind === null || digest === null || salt === null || secret_created_at === null)
      return [];
    return [
      {
        secret_id,
        client_id: row.client_id,
        kind,
        digest,
        salt,
        created_at: secret_created_at,
        expires_at: secret_expires_at,
      },
    ];
  });
  return {
    client: toClient(row, secrets),
    known: clientId !== undefined && row.client_id === clientId,
    anySlowSecret: Boolean(row.any_slow_secret),
  };
}

async function insert(db: Kysely<Tables>, client: Client): Promise<"inserted" | "taken"> {
  return db.transaction().execute(async (transaction) => {
    const inserted = await transaction
      .insertInto("clients")
      .values(toClientRow(client))
      .onConflict((conflict) => conflict.column("client_id").doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n) return "taken";
    if (client.secrets.length > 0) {
      const rows = client.secrets.map((secret) => toSecretRow(client.clientId, secret));
      await transaction.insertInto("client_secrets").values(rows).execute();
    }
    return "inserted";
  });
}

async function list(db: Kysely<Tables>, page: { after: ClientId | null; limit: number }): Promise<readonly Client[]> {
  const rows = await db
    .selectFrom("clients")
    .selectAll()
    .where("client_id", ">", page.after ?? decoyClient.clientId)
    .orderBy("client_id")
    .limit(page.limit)
    .execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.client_id);
  const secrets = await db
    .selectFrom("client_secrets")
    .selectAll()
    .where("client_id", "in", ids)
    .orderBy("created_at")
    .execute();
  const secretsOf = Map.groupBy(secrets, (secret) => secret.client_id);
  return rows.map((row) => toClient(row, secretsOf.get(row.client_id) ?? []));
}
