import { setImmediate as endOfTurn } from "node:timers/promises";
import { answersKeptFor, type KeptAnswer } from "@carnet/core/admin/idempotency";
import type { Client } from "@carnet/core/client/client";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { ClientStore, Insertion } from "@carnet/core/client/client-store";
import type { Clock } from "@carnet/core/ports";
import type { SecretId } from "@carnet/protocol/ids";
import { type Kysely, sql, type Transaction } from "kysely";
import type { StandInDraw } from "../crypto/stand-in-draw.ts";
import { createClientLookup } from "./client-lookup.ts";
import { createClientReader, toClientRow, toSecretRow, toUseRows } from "./client-rows.ts";
import { searchClients } from "./client-search.ts";
import type { Tables } from "./schema.ts";

/** How many scope texts, allow lists and label sets are kept in their parsed form. */
const rememberedTexts = 10_000;

/** Clients in an SQL database. */
export function createSqlClientStore(
  db: Kysely<Tables>,
  { clock, drawStandIn }: { readonly clock: Clock; readonly drawStandIn: StandInDraw },
): ClientStore {
  const toClient = createClientReader(rememberedTexts);
  return {
    find: createClientLookup(db, drawStandIn, toClient),
    insert: (clients, answer) => insert(db, clients, answer && { ...answer, at: clock.now() }),
    replace: (next, answer) => replace(db, next, answer && { ...answer, at: clock.now() }),
    delete: (client) => remove(db, client),
    search: (query) => searchClients(db, { query, now: clock.now() }, toClient),
    keepUses: (uses) => keepUses(db, uses),
  };
}

type DatedAnswer = KeptAnswer & { readonly at: number };

async function insert(
  db: Kysely<Tables>,
  clients: readonly Client[],
  answer: DatedAnswer | undefined,
): Promise<Insertion> {
  const attempt = db.transaction().execute(async (transaction) => {
    if (!(await keepAnswer(transaction, answer))) throw new Undone({ kind: "repeated" });
    const ids = clients.map((client) => client.clientId);
    const taken = await transaction.selectFrom("clients").select("client_id").where("client_id", "in", ids).execute();
    if (taken.length > 0) {
      const names = new Set(taken.map((row) => row.client_id));
      throw new Undone({ kind: "taken", clientIds: ids.filter((id) => names.has(id)) });
    }
    await insertClients(transaction, clients);
  });
  return attempt.then((): Insertion => ({ kind: "inserted" }), insteadOf<Insertion>);
}

/** SQLite takes 32766 values in one statement. */
const mostValues = 32_000;

/** Inserts clients of which none is there, as part of a transaction. */
export async function insertClients(transaction: Transaction<Tables>, clients: readonly Client[]): Promise<void> {
  for (const rows of chunks(clients.map(toClientRow))) await transaction.insertInto("clients").values(rows).execute();
  const secrets = clients.flatMap(({ clientId, secrets: own }) =>
    own.map((secret, place) => toSecretRow(clientId, secret, place)),
  );
  for (const rows of chunks(secrets)) await transaction.insertInto("client_secrets").values(rows).execute();
  const uses = clients.flatMap(({ secrets: own }) => own.flatMap(toUseRows));
  for (const rows of chunks(uses)) await transaction.insertInto("secret_uses").values(rows).execute();
  await insertFinders(transaction, clients);
}

/** Takes a transaction back, and says what is answered instead. */
class Undone<Answer> extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super("the transaction was taken back");
    this.answer = answer;
  }
}

function insteadOf<Answer>(error: unknown): Answer {
  if (error instanceof Undone) return error.answer;
  throw error;
}

async function replace(
  db: Kysely<Tables>,
  next: Client,
  answer: DatedAnswer | undefined,
): Promise<"replaced" | "changed" | "repeated"> {
  const attempt = db.transaction().execute(async (transaction) => {
    if (!(await keepAnswer(transaction, answer))) throw new Undone("repeated");
    const updated = await transaction
      .updateTable("clients")
      .set(toClientRow(next))
      .where("client_id", "=", next.clientId)
      .where("created_at", "=", next.createdAt)
      .where("version", "=", next.version - 1)
      .executeTakeFirst();
    if (updated.numUpdatedRows !== 1n) throw new Undone("changed");
    await replaceSecrets(transaction, next);
    await transaction.deleteFrom("client_scopes").where("client_id", "=", next.clientId).execute();
    await transaction.deleteFrom("client_labels").where("client_id", "=", next.clientId).execute();
    await insertFinders(transaction, [next]);
  });
  return attempt.then(() => "replaced" as const, insteadOf<"changed" | "repeated">);
}

async function remove(db: Kysely<Tables>, client: Client): Promise<"deleted" | "changed"> {
  return db.transaction().execute(async (transaction) => {
    const deleted = await transaction
      .deleteFrom("clients")
      .where("client_id", "=", client.clientId)
      .where("created_at", "=", client.createdAt)
      .where("version", "=", client.version)
      .executeTakeFirst();
    if (deleted.numDeletedRows !== 1n) return "changed";
    await transaction.insertInto("changes").values({ client_id: client.clientId }).execute();
    return "deleted";
  });
}

async function replaceSecrets(transaction: Transaction<Tables>, { clientId, secrets }: Client): Promise<void> {
  const kept = secrets.map(({ secretId }) => secretId);
  await transaction
    .deleteFrom("client_secrets")
    .where("client_id", "=", clientId)
    .$if(kept.length > 0, (query) => query.where("secret_id", "not in", kept))
    .execute();
  for (const [place, secret] of secrets.entries()) {
    const { secret_id, client_id, ...rest } = toSecretRow(clientId, secret, place);
    await transaction
      .insertInto("client_secrets")
      .values({ secret_id, client_id, ...rest })
      .onConflict((conflict) => conflict.column("secret_id").doUpdateSet(rest))
      .execute();
  }
}

/** What clients are found by in a search, and the word that they changed. */
async function insertFinders(transaction: Transaction<Tables>, clients: readonly Client[]): Promise<void> {
  const scopes = clients.flatMap(({ clientId, scopes: names }) => names.map((name) => ({ name, client_id: clientId })));
  for (const rows of chunks(scopes)) await transaction.insertInto("client_scopes").values(rows).execute();
  const labels = clients.flatMap(({ clientId, labels: own }) =>
    Object.entries(own).map(([name, value]) => ({ name, value, client_id: clientId })),
  );
  for (const rows of chunks(labels)) await transaction.insertInto("client_labels").values(rows).execute();
  const changes = clients.map(({ clientId }) => ({ client_id: clientId }));
  for (const rows of chunks(changes)) await transaction.insertInto("changes").values(rows).execute();
}

function* chunks<Row extends object>(rows: readonly Row[]): Iterable<readonly Row[]> {
  const size = Math.floor(mostValues / Object.keys(rows[0] ?? { none: 0 }).length);
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}

/** Whether the answer is the first to its request. */
async function keepAnswer(transaction: Transaction<Tables>, answer: DatedAnswer | undefined): Promise<boolean> {
  if (answer === undefined) return true;
  const { keyDigest, requestDigest, sealed, at } = answer;
  await transaction // one that is past its time is as not there, though it was not cleared away yet
    .deleteFrom("kept_answers")
    .where("key_digest", "=", keyDigest)
    .where("created_at", "<=", at - answersKeptFor)
    .execute();
  const inserted = await transaction
    .insertInto("kept_answers")
    .values({ key_digest: keyDigest, request_digest: requestDigest, sealed, created_at: at })
    .onConflict((conflict) => conflict.column("key_digest").doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** How many uses are kept in one go. Whoever wants a token waits as long: 4 to 31 ms were seen in a store of a million. */
const usesAtOnce = 500;

/** In the order of the table's key, so that uses which share a page come together, and in turns with whoever waits. */
async function keepUses(db: Kysely<Tables>, uses: ReadonlyMap<SecretId, SecretUse>): Promise<void> {
  const secretIds = [...uses.keys()].sort();
  for (let start = 0; start < secretIds.length; start += usesAtOnce) {
    if (start > 0) await endOfTurn();
    const rows = secretIds.slice(start, start + usesAtOnce).map((secretId) => {
      const use = uses.get(secretId);
      return [secretId, use?.at, use?.from];
    });
    await keepSomeUses(db, JSON.stringify(rows));
  }
}

/** Takes an array of arrays, each a secret id, a time and an address. Leaves out secrets that are gone. */
async function keepSomeUses(db: Kysely<Tables>, json: string): Promise<void> {
  await db
    .insertInto("secret_uses")
    .columns(["secret_id", "used_at", "used_from"])
    .expression(
      (query) =>
        query
          .selectFrom(sql<{ value: string }>`json_each(${json})`.as("used"))
          .innerJoin("client_secrets as secret", (join) =>
            join.on("secret.secret_id", "=", sql<SecretId>`used.value ->> 0`),
          )
          .select([
            "secret.secret_id",
            sql<number>`used.value ->> 1`.as("at"),
            sql<string>`used.value ->> 2`.as("from"),
          ])
          .where(sql.lit(true)), // SQLite would take the conflict's ON for one of the join
    )
    .onConflict((conflict) =>
      conflict
        .column("secret_id")
        .doUpdateSet(({ ref }) => ({ used_at: ref("excluded.used_at"), used_from: ref("excluded.used_from") }))
        .whereRef("excluded.used_at", ">", "secret_uses.used_at"),
    )
    .execute();
}
