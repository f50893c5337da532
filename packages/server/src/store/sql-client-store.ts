import type { Client } from "@carnet/core/client/client";
import type { ClientLookup, ClientStore } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { type Kysely, sql } from "kysely";
import type { StandInDraw } from "../crypto/stand-in-draw.ts";
import { type ClientReader, createClientReader, type SecretRow, toClientRow, toSecretRow } from "./client-rows.ts";
import { lost } from "./damaged-store.ts";
import type { Tables } from "./schema.ts";

/** How many scope texts and allow lists are kept in their parsed form. */
const rememberedTexts = 10_000;

/** At or after this point there is only the decoy. */
const lastPoint = "~";

/** Clients in an SQL database. */
export function createSqlClientStore(db: Kysely<Tables>, drawStandIn: StandInDraw): ClientStore {
  const lookUp = prepareLookup(db);
  const toClient = createClientReader(rememberedTexts);
  return {
    async find(clientId) {
      const sought = clientId ?? decoyClient.clientId;
      const read = async (standInPoint: string) =>
        toLookup(await lookUp({ clientId: sought, standInPoint }), clientId, toClient);
      try {
        return await read(drawStandIn(sought));
      } catch {
        return await read(lastPoint); // what is wrong with a stand-in must not keep out a client that is sound
      }
    },
    insert: (client) => insert(db, client),
    list: (page) => list(db, toClient, page),
  };
}

type LookupRow = Awaited<ReturnType<ReturnType<typeof lookupQuery>["execute"]>>[number];

/** Asks for one row for each secret of the client, or of its stand-in where there is no such client. Never for none. */
function lookupQuery(db: Kysely<Tables>, sought: { readonly clientId: ClientId; readonly standInPoint: SecretId }) {
  // The stand-in is looked up in any case, and what it has is read as a client's own is: an unknown id is as much work
  // as a known one, from the same parts of the file. The decoy's secret id is the last, so there is always a stand-in.
  return db
    .with(
      "stand_in",
      (cte) =>
        cte
          .selectFrom("client_secrets")
          .select("client_id")
          .where("secret_id", ">=", sought.standInPoint)
          .orderBy("secret_id")
          .limit(sql.lit(1)), // a limit that is a parameter keeps SQLite from stopping at the first
    )
    .selectFrom("stand_in")
    .leftJoin("clients as sought", (join) => join.on("sought.client_id", "=", sought.clientId))
    .innerJoin("clients as client", (join) =>
      join.on((on) =>
        on("client.client_id", "=", on.fn.coalesce(on.ref("sought.client_id"), on.ref("stand_in.client_id"))),
      ),
    )
    .leftJoin("client_secrets as secret", "secret.client_id", "client.client_id")
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
    );
}

/** The query put together once: to build and write it takes longer than to run it. */
function prepareLookup(db: Kysely<Tables>) {
  const names = { clientId: "clientId" as ClientId, standInPoint: "standInPoint" as SecretId };
  const compiled = lookupQuery(db, names).compile();
  return async (values: { readonly [Name in keyof typeof names]: string }): Promise<readonly LookupRow[]> => {
    const parameters = compiled.parameters.map((name) => values[name as keyof typeof names]);
    return (await db.executeQuery<LookupRow>({ ...compiled, parameters })).rows;
  };
}

function toLookup(rows: readonly LookupRow[], clientId: ClientId | undefined, toClient: ClientReader): ClientLookup {
  const [row] = rows;
  if (row === undefined) throw lost("decoy client");
  return {
    client: toClient(row, rows.flatMap(secretOf)),
    known: row.client_id === clientId && clientId !== decoyClient.clientId,
    anySlowSecret: Boolean(row.any_slow_secret),
  };
}

/** None where the client has no secret: the join leaves the columns empty. */
function secretOf(row: LookupRow): SecretRow[] {
  const { client_id, secret_id, kind, digest, salt, secret_created_at: created_at, secret_expires_at } = row;
  if (secret_id === null || kind === null || digest === null || salt === null || created_at === null) return [];
  return [{ secret_id, client_id, kind, digest, salt, created_at, expires_at: secret_expires_at }];
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

async function list(
  db: Kysely<Tables>,
  toClient: ClientReader,
  page: { after: ClientId | null; limit: number },
): Promise<readonly Client[]> {
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
