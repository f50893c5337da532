import type { ClientLookup } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { type Kysely, sql } from "kysely";
import type { StandInDraw } from "../crypto/stand-in-draw.ts";
import type { ClientReader, ReadSecretRow } from "./client-rows.ts";
import { lost } from "./damaged-store.ts";
import type { Tables } from "./schema.ts";

/** At or after this point there is only the decoy. */
const lastPoint = "~";

/** Reads clients by their id, and a stand-in for each id that is unknown. @see ClientStore.find */
export function createClientLookup(
  db: Kysely<Tables>,
  drawStandIn: StandInDraw,
  toClient: ClientReader,
): (clientId: ClientId | undefined) => Promise<ClientLookup> {
  const lookUp = prepareLookup(db);
  return async (clientId) => {
    const sought = clientId ?? decoyClient.clientId;
    const read = async (standInPoint: string) =>
      toLookup(await lookUp({ clientId: sought, standInPoint }), clientId, toClient);
    try {
      return await read(drawStandIn(sought));
    } catch {
      return await read(lastPoint); // what is wrong with a stand-in must not keep out a client that is sound
    }
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
    .leftJoin("secret_uses as use", "use.secret_id", "secret.secret_id")
    .selectAll("client")
    .select([
      "secret.secret_id",
      "secret.kind",
      "secret.digest",
      "secret.salt",
      "secret.created_at as secret_created_at",
      "secret.expires_at as secret_expires_at",
      "secret.label",
      "secret.prefix",
      "secret.not_before",
      "secret.idle_since",
      "secret.idle_after",
      "secret.revoked_at",
      "use.used_at",
      "use.used_from",
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

/** None where the client has no secret: the join leaves the columns empty. What is empty besides, the reader refuses. */
const secretOf = (row: LookupRow): ReadSecretRow[] =>
  row.secret_id === null
    ? []
    : [
        {
          secret_id: row.secret_id,
          client_id: row.client_id,
          kind: row.kind,
          digest: row.digest,
          salt: row.salt,
          created_at: row.secret_created_at,
          expires_at: row.secret_expires_at,
          label: row.label,
          prefix: row.prefix,
          not_before: row.not_before,
          idle_since: row.idle_since,
          idle_after: row.idle_after,
          revoked_at: row.revoked_at,
          used_at: row.used_at,
          used_from: row.used_from,
        } as ReadSecretRow,
      ];
