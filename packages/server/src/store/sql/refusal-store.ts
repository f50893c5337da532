import { setImmediate as endOfTurn } from "node:timers/promises";
import type { RefusalStore, StoredRefusal, UnknownCallers } from "@carnet/core/audit/refusal-store";
import type { Counts } from "@carnet/core/audit/usage";
import type { ClientId } from "@carnet/protocol/ids";
import { type Kysely, sql, type Transaction } from "kysely";
import { compiled } from "./compiled.ts";
import { countRows } from "./count-rows.ts";
import { inTurn, type Writer } from "./in-turn.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

export interface RefusalBounds {
  readonly maxRows: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

/** The most refusals of one client, so that one broken caller cannot push out the others. */
const maxPerClient = 1000;

/** The most address blocks of one hour. The others are counted together, as `other`. */
const maxBlocks = 1000;

/** How many rows or names one statement handles. Token requests wait for it. */
const perStatement = 500;

/** Recent refusals in an SQL database. */
export function createSqlRefusalStore(
  db: Kysely<Tables>,
  { bounds, dialect }: { readonly bounds: RefusalBounds; readonly dialect: SqlDialect },
): RefusalStore {
  const statements = compileStatements(db);
  return {
    async existing(clientIds) {
      const found = new Set<ClientId>();
      for (let start = 0; start < clientIds.length; start += perStatement) {
        if (start > 0) await endOfTurn();
        const names = dialect.texts(JSON.stringify(clientIds.slice(start, start + perStatement)));
        const rows = await db
          .selectFrom("clients")
          .select("client_id")
          .where("client_id", "in", sql<ClientId>`${names}`)
          .execute();
        for (const row of rows) found.add(row.client_id);
      }
      return found;
    },
    write: ({ refusals, unknown }) =>
      inTurn({ db, dialect }, "refusals", async (transaction) => {
        for (const refusal of refusals) await statements.insert(transaction, rowOf(refusal));
        for (const clientId of new Set(refusals.map(({ clientId: id }) => id)))
          await statements.deleteOldest(transaction, [clientId, clientId, maxPerClient - 1]);
        for (const [hour, counts] of unknown) await countUnknown(transaction, { hour, counts }, statements);
      }),
    trim: (now) => trim({ db, dialect }, bounds, now),
    unknownCallers: (since, limit) => unknownCallers(db, since, limit),
  };
}

const rowOf = ({ id, at, event, requestId, clientId, isProven, actor, reason, json }: StoredRefusal) => [
  ...[id, at, event, requestId],
  ...[clientId, isProven ? 1 : 0, actor, reason, json],
];

const compileStatements = (db: Kysely<Tables>) => ({
  insert: compiled(
    db.insertInto("refusals").values({
      ...{ id: "", at: 0, event: "", request_id: "" },
      ...{ client_id: "", proven: 0, actor: "", reason: "", json: "" },
    }),
  ),
  putUnknown: compiled(
    db
      .insertInto("unknown_refusals")
      .values({ hour: 0, address_block: "", count: 0 })
      .onConflict((conflict) =>
        conflict.columns(["hour", "address_block"]).doUpdateSet(({ ref }) => ({ count: ref("excluded.count") })),
      ),
  ),
  deleteOldest: compiled(
    db
      .deleteFrom("refusals")
      .where("client_id", "=", "")
      .where(
        ({ selectFrom, refTuple }) =>
          sql<boolean>`${refTuple("proven", "number")} < ${selectFrom("refusals as newest")
            .select(["newest.proven", "newest.number"])
            .where("newest.client_id", "=", "")
            .orderBy("newest.proven", "desc")
            .orderBy("newest.number", "desc")
            .limit(sql.lit(1))
            .offset(maxPerClient - 1)}`,
      ),
  ),
});

async function countUnknown(
  transaction: Transaction<Tables>,
  { hour, counts }: { readonly hour: number; readonly counts: Counts },
  { putUnknown }: ReturnType<typeof compileStatements>,
): Promise<void> {
  const rows = await transaction.selectFrom("unknown_refusals").selectAll().where("hour", "=", hour).execute();
  const stored = new Map(rows.map((row) => [row.address_block, row.count]));
  const changed = new Map<string, number>();
  for (const [block, count] of counts) {
    const isNew = !stored.has(block) && !changed.has(block);
    const name = isNew && stored.size + changed.size >= maxBlocks ? "other" : block;
    changed.set(name, (changed.get(name) ?? stored.get(name) ?? 0) + count);
  }
  for (const [block, count] of changed) await putUnknown(transaction, [hour, block, count]);
}

/** Deletes in small transactions, so that requests run in between. */
async function trim(writer: Writer, { maxRows, maxAge }: RefusalBounds, now: number): Promise<void> {
  const inTransaction = (act: (transaction: Transaction<Tables>) => Promise<number>) => inTurn(writer, "refusals", act);
  const expired = () =>
    inTransaction((transaction) => deleteRefusals(transaction, { before: now - maxAge, limit: perStatement }));
  while ((await expired()) === perStatement) await endOfTurn();
  for (let excess = (await countRows(writer.db.selectFrom("refusals"))) - maxRows; excess > 0; excess -= perStatement) {
    await inTransaction((transaction) => deleteRefusals(transaction, { limit: Math.min(excess, perStatement) }));
    await endOfTurn();
  }
  await inTransaction(async (transaction) => {
    const old = transaction.deleteFrom("unknown_refusals").where("hour", "<", now - maxAge);
    return Number((await old.executeTakeFirst()).numDeletedRows);
  });
}

async function deleteRefusals(
  transaction: Transaction<Tables>,
  { before, limit }: { readonly before?: number; readonly limit: number },
): Promise<number> {
  const oldest = transaction
    .selectFrom("refusals")
    .select("number")
    .$if(before !== undefined, (query) => query.where("at", "<", before ?? 0))
    .$if(before === undefined, (query) => query.orderBy("proven").orderBy("number"))
    .$if(before !== undefined, (query) => query.orderBy("at"))
    .limit(limit);
  const deleted = await transaction.deleteFrom("refusals").where("number", "in", oldest).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

async function unknownCallers(db: Kysely<Tables>, since: number, limit: number): Promise<readonly UnknownCallers[]> {
  const rows = await db
    .selectFrom("unknown_refusals")
    .where("hour", ">=", since)
    .groupBy("address_block")
    .select(({ fn }) => [
      "address_block as addressBlock",
      fn.sum<number>("count").as("count"),
      fn.min<number>("hour").as("firstHour"),
      fn.max<number>("hour").as("lastHour"),
    ])
    .orderBy("count", "desc")
    .orderBy("address_block")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
