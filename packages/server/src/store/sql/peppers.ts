import { setImmediate as endOfTurn } from "node:timers/promises";
import type { SecretMove } from "@carnet/core/client/secret-moves";
import { firstPepper, type PepperRecord } from "@carnet/core/pepper/pepper";
import type { PepperStore } from "@carnet/core/pepper/pepper-store";
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql, type Transaction } from "kysely";
import type { PepperSource } from "../../crypto/secret-hasher.ts";
import { missing } from "../damaged-store.ts";
import type { Sealer } from "./data-keys.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Peppers in an SQL database. */
export const createSqlPepperStore = (
  db: Kysely<Tables>,
  { sealer, ...ports }: EventPorts & { readonly sealer: Sealer },
): PepperStore & PepperSource => ({
  list: () => listPeppers(db),
  async openPepper(pepperId) {
    const row = await db.selectFrom("peppers").select("sealed").where("pepper_id", "=", pepperId).executeTakeFirst();
    const context = pepperContext(pepperId);
    const opened = row?.sealed instanceof Uint8Array ? await sealer.open(row.sealed, context) : undefined;
    if (opened === undefined) throw missing("pepper");
    return opened;
  },
  rotate: (decide) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const decided = decide(await listPeppers(transaction));
      if (!decided.ok) return decided;
      const { added, replaced, key, event } = decided.value;
      const sealed = await sealer.sealIn(transaction, key.reveal(), pepperContext(added.pepperId));
      await insertPepper(transaction, added, sealed);
      await transaction
        .updateTable("peppers")
        .set({ ends_at: replaced.endsAt })
        .where("pepper_id", "=", replaced.pepperId)
        .execute();
      await insertEvent(transaction, event, ports);
      return decided;
    }),
  async progress(now) {
    const counts = [];
    for (const { pepperId } of (await listPeppers(db)).toReversed()) counts.push(await countUsable(db, pepperId, now));
    const [moved = 0, ...others] = counts;
    return { moved, toMove: others.reduce((sum, count) => sum + count, 0) };
  },
  async unmoved({ now, after, limit }) {
    const old = (await listPeppers(db)).filter(({ endsAt }) => endsAt !== null && endsAt > now);
    const rows = await db
      .selectFrom("client_secrets as secret")
      .leftJoin("secret_uses as use", "use.secret_id", "secret.secret_id")
      .select([
        "secret.secret_id as secretId",
        "secret.client_id as clientId",
        "secret.label",
        "use.used_at as lastUsedAt",
      ])
      .where("secret.pepper", "in", ["", ...old.map(({ pepperId }) => pepperId)])
      .where(sql<string>`secret.secret_id`, ">", after ?? "")
      .where((where) => isUsable(where, now))
      .orderBy("secret.secret_id")
      .limit(limit)
      .execute();
    return rows;
  },
  async deleteKey(pepperId, now, describe) {
    const ended = await countUsable(db, pepperId, now); // before other writers wait
    const event = await inTurn({ db, ...ports }, "changes", async (transaction) => {
      const deleted = await transaction
        .updateTable("peppers")
        .set({ sealed: null })
        .where("pepper_id", "=", pepperId)
        .where("sealed", "is not", null)
        .executeTakeFirst();
      if (deleted.numUpdatedRows !== 1n) return undefined;
      const made = describe(ended);
      await insertEvent(transaction, made, ports);
      return made;
    });
    if (event !== undefined) await ports.dialect.eraseDeleted(db);
    return event;
  },
});

/** In the order in which secrets move. */
async function listPeppers(db: Kysely<Tables>): Promise<readonly PepperRecord[]> {
  const rows = await db
    .selectFrom("peppers")
    .select(["pepper_id as pepperId", "created_at as createdAt", "used_from as usedFrom", "ends_at as endsAt"])
    .select((select) => select("sealed", "is", null).as("isDeleted"))
    .orderBy("used_from")
    .execute();
  return rows.map((row) => ({ ...row, isDeleted: Boolean(row.isDeleted) }));
}

/** The context that binds a sealed pepper to its place. The first one was sealed before there were others. */
export const pepperContext = (pepperId: string): string => (pepperId === firstPepper ? "pepper" : `pepper/${pepperId}`);

export async function insertPepper(
  transaction: Transaction<Tables>,
  { pepperId, createdAt, usedFrom, endsAt }: PepperRecord,
  sealed: Uint8Array,
): Promise<void> {
  const times = { created_at: createdAt, used_from: usedFrom, ends_at: endsAt };
  await transaction
    .insertInto("peppers")
    .values({ pepper_id: pepperId, sealed, ...times })
    .execute();
}

/** Secrets that work now or later. Neither idle time nor the end of their pepper is checked. */
const isUsable = (
  where: ExpressionBuilder<Tables & { secret: Tables["client_secrets"] }, "secret">,
  now: number,
): Expression<SqlBool> =>
  where.and([
    where("secret.revoked_at", "is", null),
    where("secret.kind", "!=", "human"),
    where.or([where("secret.expires_at", "is", null), where("secret.expires_at", ">", now)]),
  ]);

/** How many secrets are counted before other requests run: some 10 ms. */
const countedAtOnce = 10_000;

async function countUsable(db: Kysely<Tables>, pepperId: string, now: number): Promise<number> {
  let count = 0;
  let after = "";
  for (;;) {
    const next = db
      .selectFrom("client_secrets")
      .selectAll()
      .where("pepper", "=", pepperId)
      .where(sql<string>`secret_id`, ">", after)
      .orderBy("secret_id")
      .limit(countedAtOnce)
      .as("secret");
    const row = await db
      .selectFrom(next)
      .select(({ fn }) => [fn.countAll<number>().as("rows"), fn.max("secret.secret_id").as("last")])
      .select(({ fn }) =>
        fn
          .countAll<number>()
          .filterWhere((where) => isUsable(where, now))
          .as("usable"),
      )
      .executeTakeFirstOrThrow();
    count += Number(row.usable);
    if (Number(row.rows) < countedAtOnce || row.last === null) return count;
    after = row.last;
    await endOfTurn();
  }
}

/** How many moves one transaction writes. Other writers wait for it. */
const movesAtOnce = 500;

/** Gives secrets their new digests, in steps, so that other requests run between them. */
export async function moveSecrets(
  db: Kysely<Tables>,
  moves: readonly SecretMove[],
  dialect: SqlDialect,
): Promise<void> {
  for (let start = 0; start < moves.length; start += movesAtOnce) {
    if (start > 0) await endOfTurn();
    const rows = moves
      .slice(start, start + movesAtOnce)
      .map(({ secretId, from, to }) => [secretId, from.pepper, to.pepper, Buffer.from(to.digest).toString("hex")]);
    await inTurn({ db, dialect }, "changes", async (transaction) => {
      await sql`update client_secrets set digest = moved.digest, pepper = moved.to_pepper
        from ${dialect.movesFromJson(JSON.stringify(rows))} as moved
        where client_secrets.secret_id = moved.secret_id and client_secrets.pepper = moved.from_pepper`.execute(
        transaction,
      );
    });
  }
}
