import type { KeptAnswer } from "@carnet/core/admin/idempotency";
import type { Client } from "@carnet/core/client/client";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { ClientLookup, ClientStore, Insertion } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { Clock } from "@carnet/core/ports";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { type Kysely, sql, type Transaction } from "kysely";
import { type ClientRow, type SecretRow, toClient, toClientRow, toSecretRow } from "./client-rows.ts";
import { searchClients } from "./client-search.ts";
import type { Tables } from "./schema.ts";

/** Clients in an SQL database. The decoy that a reading of nobody falls back to is a row like any other. */
export function createSqlClientStore(db: Kysely<Tables>, clock: Clock): ClientStore {
  return {
    find: (clientId) => find(db, clientId),
    insert: (clients, answer) => insert(db, clients, answer && { ...answer, at: clock.now() }),
    replace: (next, answer) => replace(db, next, answer && { ...answer, at: clock.now() }),
    delete: (client) => remove(db, client),
    search: (query) => searchClients(db, query, clock.now()),
    keepUses: (uses) => keepUses(db, uses),
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
      "secret.secret_id as secret_secret_id",
      "secret.kind as secret_kind",
      "secret.digest as secret_digest",
      "secret.salt as secret_salt",
      "secret.created_at as secret_created_at",
      "secret.expires_at as secret_expires_at",
      "secret.label as secret_label",
      "secret.prefix as secret_prefix",
      "secret.not_before as secret_not_before",
      "secret.idle_since as secret_idle_since",
      "secret.idle_after as secret_idle_after",
      "secret.revoked_at as secret_revoked_at",
      "secret.last_used_at as secret_last_used_at",
      "secret.last_used_from as secret_last_used_from",
    ])
    .select((select) =>
      select
        .exists(
          select.selectFrom("client_secrets as slow").select("slow.kind").where("slow.kind", "=", sql.lit("human")),
        )
        .as("any_slow_secret"),
    )
    .orderBy("secret.created_at")
    .execute();
  const [row] = rows;
  if (row === undefined) throw new Error("the store has lost its decoy client");
  return {
    client: toClient(row, rows.flatMap(joinedSecret)),
    known: clientId !== undefined && row.client_id === clientId,
    anySlowSecret: Boolean(row.any_slow_secret),
  };
}

type JoinedRow = ClientRow & {
  readonly [Column in keyof SecretRow as `secret_${Exclude<Column, "client_id">}`]: SecretRow[Column] | null;
};

function joinedSecret(row: JoinedRow): SecretRow[] {
  const { secret_secret_id, secret_kind, secret_digest, secret_salt, secret_created_at, secret_prefix } = row;
  if (secret_secret_id === null || secret_kind === null || secret_digest === null) return [];
  if (secret_salt === null || secret_created_at === null || secret_prefix === null) return [];
  return [
    {
      secret_id: secret_secret_id,
      client_id: row.client_id,
      kind: secret_kind,
      digest: secret_digest,
      salt: secret_salt,
      created_at: secret_created_at,
      prefix: secret_prefix,
      expires_at: row.secret_expires_at,
      label: row.secret_label,
      not_before: row.secret_not_before,
      idle_since: row.secret_idle_since,
      idle_after: row.secret_idle_after,
      revoked_at: row.secret_revoked_at,
      last_used_at: row.secret_last_used_at,
      last_used_from: row.secret_last_used_from,
    },
  ];
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
    await transaction.insertInto("clients").values(clients.map(toClientRow)).execute();
    for (const client of clients) await insertParts(transaction, client);
  });
  return attempt.then((): Insertion => ({ kind: "inserted" }), insteadOf<Insertion>);
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
