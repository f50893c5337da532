import type { KeptAnswer } from "@carnet/core/admin/idempotency";
import type { Client } from "@carnet/core/client/client";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { ClientStore, Insertion } from "@carnet/core/client/client-store";
import type { Clock } from "@carnet/core/ports";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { Kysely, Transaction } from "kysely";
import type { StandInDraw } from "../crypto/stand-in-draw.ts";
import { createClientLookup } from "./client-lookup.ts";
import { createClientReader, toClientRow, toSecretRow } from "./client-rows.ts";
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

/** Inserts clients of which none is there, as part of a transaction. */
export async function insertClients(transaction: Transaction<Tables>, clients: readonly Client[]): Promise<void> {
  await transaction.insertInto("clients").values(clients.map(toClientRow)).execute();
  for (const client of clients) await insertParts(transaction, client);
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
    const kept = next.secrets.map((secret) => secret.secretId);
    await transaction
      .deleteFrom("client_secrets")
      .where("client_id", "=", next.clientId)
      .$if(kept.length > 0, (query) => query.where("secret_id", "not in", kept))
      .execute();
    await transaction.deleteFrom("client_scopes").where("client_id", "=", next.clientId).execute();
    await transaction.deleteFrom("client_labels").where("client_id", "=", next.clientId).execute();
    await insertParts(transaction, next);
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
    await announce(transaction, client.clientId);
    return "deleted";
  });
}

/** Everything of a client that has its own tables, and the word that it changed. */
async function insertParts(transaction: Transaction<Tables>, client: Client): Promise<void> {
  for (const secret of client.secrets) {
    const { secret_id, client_id, last_used_at, last_used_from, ...rest } = toSecretRow(client.clientId, secret);
    await transaction
      .insertInto("client_secrets")
      .values({ secret_id, client_id, last_used_at, last_used_from, ...rest })
      .onConflict((conflict) => conflict.column("secret_id").doUpdateSet(rest)) // a last use is newer in the store
      .execute();
  }
  const { clientId } = client;
  const scopes = client.scopes.map((name) => ({ name, client_id: clientId }));
  if (scopes.length > 0) await transaction.insertInto("client_scopes").values(scopes).execute();
  const labels = Object.entries(client.labels).map(([name, value]) => ({ name, value, client_id: clientId }));
  if (labels.length > 0) await transaction.insertInto("client_labels").values(labels).execute();
  await announce(transaction, clientId);
}

const announce = async (transaction: Transaction<Tables>, clientId: ClientId): Promise<void> =>
  void (await transaction.insertInto("changes").values({ client_id: clientId }).execute());

/** Whether the answer is the first to its request. */
async function keepAnswer(transaction: Transaction<Tables>, answer: DatedAnswer | undefined): Promise<boolean> {
  if (answer === undefined) return true;
  const { keyDigest, requestDigest, sealed, at } = answer;
  const inserted = await transaction
    .insertInto("kept_answers")
    .values({ key_digest: keyDigest, request_digest: requestDigest, sealed, created_at: at })
    .onConflict((conflict) => conflict.column("key_digest").doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

async function keepUses(db: Kysely<Tables>, uses: ReadonlyMap<SecretId, SecretUse>): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const [secretId, { at, from }] of uses) {
      await transaction
        .updateTable("client_secrets")
        .set({ last_used_at: at, last_used_from: from })
        .where("secret_id", "=", secretId)
        .where((where) => where.or([where("last_used_at", "is", null), where("last_used_at", "<", at)]))
        .execute();
    }
  });
}
