import { day, hour } from "@carnet/core/audit/usage";
import type { ClientPage, ClientPlace, ClientQuery, ClientSortKey } from "@carnet/core/client/client-store";
import { roles } from "@carnet/protocol/admin/roles";
import { type Expression, type ExpressionBuilder, type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import { toClient } from "./client-rows.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** A missing text sorts before all others, a missing instant after all others. */
const sortValues: Readonly<Record<ClientSortKey, RawBuilder<string | number>>> = {
  client_id: sql<string>`client_id`,
  client_name: sql<string>`coalesce(client_name, '')`,
  created_at: sql<number>`created_at`,
  updated_at: sql<number>`updated_at`,
  expires_at: sql<number>`coalesce(expires_at, 9007199254740991)`,
};

/** One page of the clients that match. Pages go by place, not by number, so no client is missed or repeated. */
export async function searchClients(
  db: Kysely<Tables>,
  { query, now }: { readonly query: ClientQuery; readonly now: number },
  dialect: SqlDialect,
): Promise<ClientPage> {
  const value = sortValues[query.sort.key];
  const direction = query.sort.descending ? "desc" : "asc";
  const endingPeppers = query.endingBefore === null ? [] : await peppersEnding(db, query.endingBefore, now);
  const rows = await db
    .selectFrom("clients")
    .selectAll()
    .select(value.as("sort_value"))
    .where((where) => where.and(conditions(where, { query, now, endingPeppers }, dialect)))
    .orderBy(value, direction)
    .orderBy("client_id", direction)
    .limit(query.limit + 1)
    .execute();
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  const ids = page.map((row) => row.client_id);
  const secrets =
    ids.length === 0
      ? []
      : await db
          .selectFrom("client_secrets as secret")
          .leftJoin("secret_uses as use", "use.secret_id", "secret.secret_id")
          .leftJoin("peppers as pepper", "pepper.pepper_id", "secret.pepper")
          .selectAll("secret")
          .select(["use.used_at", "use.used_from", "pepper.ends_at as pepper_ends_at"])
          .where("secret.client_id", "in", ids)
          .orderBy("secret.created_at")
          .orderBy("secret.place")
          .execute();
  const secretsOf = Map.groupBy(secrets, (secret) => secret.client_id);
  return {
    clients: page.map((row) => toClient(row, secretsOf.get(row.client_id) ?? [])),
    next: last === undefined ? null : { value: last.sort_value, clientId: last.client_id },
  };
}

interface SearchFacts {
  readonly query: ClientQuery;
  readonly now: number;
  /** The peppers that end before `query.endingBefore`. */
  readonly endingPeppers: readonly string[];
}

function conditions(
  where: ExpressionBuilder<Tables, "clients">,
  { query, now, endingPeppers }: SearchFacts,
  dialect: SqlDialect,
): Expression<SqlBool>[] {
  const found: Expression<SqlBool>[] = [];
  const { owner, visible, role, status, scope, text, endingBefore, unusedSince, after } = query;
  if (owner !== null) found.push(where("owner", "=", owner), where("role", "is", null)); // admin clients have no owner
  // Reading the clients of an owner that does not exist for the caller would reveal their number by its time
  const isAsked = (name: string): boolean => owner === null || name === owner;
  if (visible !== null) found.push(isVisible(where, { ...visible, owners: visible.owners.filter(isAsked) }));
  // Names every role, because SQLite does not use the index for "is not null"
  if (role !== null) found.push(where("role", "in", role === "any" ? roles : [role]));
  if (status !== null) found.push(where("status", "=", status));
  // A team has few of many clients. Looking each of them up is faster than reading every client with a scope or label
  const ofEachClient = visible !== null;
  if (scope !== null) {
    const registered = where
      .selectFrom("client_scopes")
      .select("client_scopes.client_id")
      .where("name", "=", scope)
      .$if(ofEachClient, (rows) => rows.whereRef("client_scopes.client_id", "=", "clients.client_id"));
    found.push(where("client_id", "in", registered));
  }
  for (const [name, value] of Object.entries(query.labels)) {
    const labelled = where
      .selectFrom("client_labels")
      .select("client_labels.client_id")
      .where("name", "=", name)
      .where("value", "=", value)
      .$if(ofEachClient, (rows) => rows.whereRef("client_labels.client_id", "=", "clients.client_id"));
    found.push(where("client_id", "in", labelled));
  }
  if (text !== null) {
    found.push(
      where.or((["client_id", "client_name", "username"] as const).map((column) => dialect.contains(column, text))),
    );
  }
  if (endingBefore !== null) {
    const ending = where
      .selectFrom("client_secrets")
      .select("client_secrets.client_id")
      .where("client_secrets.expires_at", "<", endingBefore)
      .where("client_secrets.expires_at", ">", now)
      .where("revoked_at", "is", null)
      .$if(ofEachClient, (rows) => rows.whereRef("client_secrets.client_id", "=", "clients.client_id"));
    found.push(
      where.or([
        where.and([where("clients.expires_at", "<", endingBefore), where("clients.expires_at", ">", now)]),
        where("client_id", "in", ending),
        ...(endingPeppers.length === 0 ? [] : [endsWithPepper(where, endingPeppers, now)]),
      ]),
    );
  }
  if (unusedSince !== null) found.push(...unused(where, unusedSince));
  if (after !== null) found.push(beyond(where, query, after));
  return found;
}

async function peppersEnding(db: Kysely<Tables>, before: number, now: number): Promise<readonly string[]> {
  const ending = db.selectFrom("peppers").select("pepper_id").where("ends_at", "<", before).where("ends_at", ">", now);
  return (await ending.execute()).map((row) => row.pepper_id);
}

/** Looks each client up: most of a million secrets can end with a pepper, and each page has a hundred clients. */
const endsWithPepper = (
  where: ExpressionBuilder<Tables, "clients">,
  peppers: readonly string[],
  now: number,
): Expression<SqlBool> =>
  where.exists(
    where
      .selectFrom("client_secrets")
      .select("client_secrets.client_id")
      .whereRef("client_secrets.client_id", "=", "clients.client_id")
      .where("client_secrets.pepper", "in", peppers)
      .where("revoked_at", "is", null)
      .where((secret) =>
        secret.or([secret("client_secrets.expires_at", "is", null), secret("client_secrets.expires_at", ">", now)]),
      ),
  );

/** Clients of the owners that are no admin clients, and the caller itself. */
const isVisible = (
  where: ExpressionBuilder<Tables, "clients">,
  { owners, clientId }: NonNullable<ClientQuery["visible"]>,
): Expression<SqlBool> =>
  where.or([
    ...(owners.length === 0 ? [] : [where.and([where("owner", "in", owners), where("role", "is", null)])]),
    ...(clientId === null ? [] : [where("client_id", "=", clientId)]),
  ]);

/** Looks at the last uses of secrets, and at the usage, which has the uses of deleted secrets. */
function unused(where: ExpressionBuilder<Tables, "clients">, since: number): readonly Expression<SqlBool>[] {
  const used = where
    .selectFrom("client_secrets")
    .innerJoin("secret_uses", "secret_uses.secret_id", "client_secrets.secret_id")
    .select("client_secrets.client_id")
    .whereRef("client_secrets.client_id", "=", "clients.client_id")
    .where("secret_uses.used_at", ">=", since);
  const counted = Object.entries({ hour, day }).map(([period, length]) =>
    where
      .selectFrom("client_usage")
      .select("client_usage.client_id")
      .whereRef("client_usage.client_id", "=", "clients.client_id")
      .where("client_usage.period", "=", period)
      .where((usage) =>
        usage.or([
          usage("client_usage.issued", ">", 0),
          // Zeros are left out, so a name is there only if it was counted
          usage("client_usage.counts", "like", '%"introspected":%'),
          usage("client_usage.counts", "like", '%"revoked":%'),
        ]),
      )
      .where("client_usage.starts_at", ">", since - length),
  );
  return [where("clients.created_at", "<", since), ...[used, ...counted].map((uses) => where.not(where.exists(uses)))];
}

function beyond(
  where: ExpressionBuilder<Tables, "clients">,
  { sort }: ClientQuery,
  place: ClientPlace,
): Expression<SqlBool> {
  const value = sortValues[sort.key];
  const further = sort.descending ? sql`<` : sql`>`;
  // The two conditions below are one here, but SQLite would not use the index for them
  if (sort.key === "client_id") return sql<SqlBool>`client_id ${further} ${place.clientId}`;
  return where.or([
    sql<SqlBool>`${value} ${further} ${place.value}`,
    sql<SqlBool>`(${value} = ${place.value} and client_id ${further} ${place.clientId})`,
  ]);
}
