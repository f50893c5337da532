import { setImmediate as endOfTurn } from "node:timers/promises";
import type { StoredWithChange } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { ClientStore, Insertion, Replacement, StoredWithClients } from "@carnet/core/client/client-store";
import { type IdempotencyRecord, idempotencyRecordLifetime } from "@carnet/core/idempotency-record";
import type { Clock } from "@carnet/core/ports";
import type { SecretId } from "@carnet/protocol/ids";
import { foldClaimName } from "@carnet/protocol/static-claims";
import { type Kysely, sql, type Transaction } from "kysely";
import { fullOwner, hasPlatformAdmin, isClaimOfScope, isOwnerChanged } from "./client-bounds.ts";
import { createClientLookup } from "./client-lookup.ts";
import { toClientRow, toSecretRow, toUseRows } from "./client-rows.ts";
import { searchClients } from "./client-search.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import { insertChunks } from "./insert-chunks.ts";
import { moveSecrets } from "./peppers.ts";
import { revokeLostHandles } from "./revocation-store.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Clients in an SQL database. */
export function createSqlClientStore(
  db: Kysely<Tables>,
  { clock, ...ports }: EventPorts & { readonly clock: Clock },
): ClientStore {
  const { dialect } = ports;
  const dated = (change: StoredWithChange & Partial<StoredWithClients>): StoredChange => {
    const { event, record, owners = [], claimsOfNoScope = [], maxRevocations } = change;
    const now = clock.now();
    return { event, record: record && { ...record, at: now }, owners, claimsOfNoScope, maxRevocations, now, ports };
  };
  return {
    ...createClientLookup(db),
    insert: (clients, change) => insert(db, clients, dated(change)),
    replace: (next, change) => replace(db, next, dated(change)),
    delete: (client, change) => remove(db, client, dated(change)),
    search: (query) => searchClients(db, { query, now: clock.now() }, dialect),
    moveSecrets: (moves) => moveSecrets(db, moves, dialect),
    recordUses: (uses) => recordUses(db, uses, dialect),
  };
}

type DatedRecord = IdempotencyRecord & { readonly at: number };

/** What is stored in the transaction of a change. */
interface StoredChange extends StoredWithClients {
  readonly record: DatedRecord | undefined;
  readonly claimsOfNoScope: readonly string[];
  readonly now: number;
  readonly ports: EventPorts;
}

async function insert(
  db: Kysely<Tables>,
  clients: readonly Client[],
  { event, record, owners, claimsOfNoScope, ports }: StoredChange,
): Promise<Insertion> {
  const attempt = inTurn({ db, ...ports }, "changes", async (transaction) => {
    if (!(await insertRecord(transaction, record))) throw new Rollback({ kind: "repeated" });
    const ids = clients.map((client) => client.clientId);
    const taken = await transaction.selectFrom("clients").select("client_id").where("client_id", "in", ids).execute();
    if (taken.length > 0) {
      const names = new Set(taken.map((row) => row.client_id));
      throw new Rollback({ kind: "taken", clientIds: ids.filter((id) => names.has(id)) });
    }
    if ((await isOwnerChanged(transaction, owners)) || (await isClaimOfScope(transaction, claimsOfNoScope)))
      throw new Rollback({ kind: "owner_changed" });
    // A client that was deleted and is registered again starts from zero
    await transaction.deleteFrom("client_usage").where("client_id", "in", ids).execute();
    await insertClients(transaction, clients, ports.dialect);
    const gaining = new Set(clients.flatMap(({ role, owner }) => (role === null ? [owner] : [])));
    const full = await fullOwner(
      transaction,
      owners.filter(({ name }) => gaining.has(name)),
    );
    if (full !== undefined) throw new Rollback({ kind: "owner_full", owner: full });
    await insertEvent(transaction, event, ports);
  });
  return attempt.then((): Insertion => ({ kind: "inserted" }), outcomeOf<Insertion>);
}

/** Inserts new clients as part of a transaction. */
export async function insertClients(
  transaction: Transaction<Tables>,
  clients: readonly Client[],
  dialect: SqlDialect,
): Promise<void> {
  await insertChunks(clients.map(toClientRow), dialect, (rows) =>
    transaction.insertInto("clients").values(rows).execute(),
  );
  const secrets = clients.flatMap(({ clientId, secrets: own }) =>
    own.map((secret, place) => toSecretRow(clientId, secret, place)),
  );
  await insertChunks(secrets, dialect, (rows) => transaction.insertInto("client_secrets").values(rows).execute());
  const uses = clients.flatMap(({ secrets: own }) => own.flatMap(toUseRows));
  await insertChunks(uses, dialect, (rows) => transaction.insertInto("secret_uses").values(rows).execute());
  await insertSearchRows(transaction, clients, dialect);
}

/** Thrown to roll a transaction back; carries the outcome to return. */
class Rollback<Outcome> extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super("the transaction was rolled back");
    this.outcome = outcome;
  }
}

function outcomeOf<Outcome>(error: unknown): Outcome {
  if (error instanceof Rollback) return error.outcome;
  throw error;
}

async function replace(
  db: Kysely<Tables>,
  next: Client,
  { event, record, owners, claimsOfNoScope, maxRevocations: max, now, ports }: StoredChange,
): Promise<Replacement> {
  const attempt = inTurn({ db, ...ports }, "changes", async (transaction) => {
    if (!(await insertRecord(transaction, record))) throw new Rollback("repeated");
    const before = await transaction
      .selectFrom("clients")
      .select(["client_id as clientId", "handle", "owner", "role"])
      .where("client_id", "=", next.clientId)
      .where("created_at", "=", next.createdAt)
      .where("version", "=", next.version - 1)
      .executeTakeFirst();
    if (before === undefined) throw new Rollback("changed");
    if ((await isOwnerChanged(transaction, owners)) || (await isClaimOfScope(transaction, claimsOfNoScope)))
      throw new Rollback("owner_changed");
    const hadAdmin = before.role === "admin" && (await hasPlatformAdmin(transaction, now));
    if ((await revokeLostHandles(transaction, { before, next, now, max }, ports.dialect)) === "too many")
      throw new Rollback("too_many_revocations");
    await transaction.updateTable("clients").set(toClientRow(next)).where("client_id", "=", next.clientId).execute();
    await replaceSecrets(transaction, next);
    if (hadAdmin && !(await hasPlatformAdmin(transaction, now))) throw new Rollback("last_admin");
    const isGain = next.role === null && (before.role !== null || before.owner !== next.owner);
    const gaining = owners.filter(({ name }) => isGain && name === next.owner);
    if ((await fullOwner(transaction, gaining)) !== undefined) throw new Rollback("owner_full");
    await transaction.deleteFrom("client_scopes").where("client_id", "=", next.clientId).execute();
    await transaction.deleteFrom("client_labels").where("client_id", "=", next.clientId).execute();
    await transaction.deleteFrom("client_claims").where("client_id", "=", next.clientId).execute();
    await insertSearchRows(transaction, [next], ports.dialect);
    await insertEvent(transaction, event, ports);
  });
  return attempt.then(() => "replaced" as const, outcomeOf<Replacement>);
}

async function remove(
  db: Kysely<Tables>,
  client: Client,
  { event, maxRevocations: max, now, ports }: StoredChange,
): Promise<"deleted" | "changed" | "last_admin" | "too_many_revocations"> {
  const attempt = inTurn({ db, ...ports }, "changes", async (transaction) => {
    const hadAdmin = client.role === "admin" && (await hasPlatformAdmin(transaction, now));
    const deleted = await transaction
      .deleteFrom("clients")
      .where("client_id", "=", client.clientId)
      .where("created_at", "=", client.createdAt)
      .where("version", "=", client.version)
      .executeTakeFirst();
    if (deleted.numDeletedRows !== 1n) throw new Rollback("changed");
    if (hadAdmin && !(await hasPlatformAdmin(transaction, now))) throw new Rollback("last_admin");
    if ((await revokeLostHandles(transaction, { before: client, next: null, now, max }, ports.dialect)) === "too many")
      throw new Rollback("too_many_revocations");
    await transaction.insertInto("changes").values({ client_id: client.clientId }).execute();
    await insertEvent(transaction, event, ports);
  });
  return attempt.then(() => "deleted" as const, outcomeOf<"changed" | "last_admin" | "too_many_revocations">);
}

async function replaceSecrets(transaction: Transaction<Tables>, { clientId, secrets }: Client): Promise<void> {
  const kept = secrets.map(({ secretId }) => secretId);
  await transaction
    .deleteFrom("client_secrets")
    .where("client_id", "=", clientId)
    .$if(kept.length > 0, (query) => query.where("secret_id", "not in", kept))
    .execute();
  for (const [place, secret] of secrets.entries()) {
    // A secret that stays may have moved to another pepper since the client was read
    const { secret_id, client_id, digest, pepper, ...rest } = toSecretRow(clientId, secret, place);
    await transaction
      .insertInto("client_secrets")
      .values({ secret_id, client_id, digest, pepper, ...rest })
      .onConflict((conflict) => conflict.column("secret_id").doUpdateSet(rest))
      .execute();
  }
}

/** Inserts the rows by which a search finds clients, and an entry in the change feed. */
async function insertSearchRows(
  transaction: Transaction<Tables>,
  clients: readonly Client[],
  dialect: SqlDialect,
): Promise<void> {
  const scopes = clients.flatMap(({ clientId, scopes: names }) => names.map((name) => ({ name, client_id: clientId })));
  await insertChunks(scopes, dialect, (rows) => transaction.insertInto("client_scopes").values(rows).execute());
  const labels = clients.flatMap(({ clientId, labels: own }) =>
    Object.entries(own).map(([name, value]) => ({ name, value, client_id: clientId })),
  );
  await insertChunks(labels, dialect, (rows) => transaction.insertInto("client_labels").values(rows).execute());
  const claims = clients.flatMap(({ clientId, claims: own }) =>
    Object.keys(own).map((name) => ({ name: foldClaimName(name), client_id: clientId })),
  );
  await insertChunks(claims, dialect, (rows) => transaction.insertInto("client_claims").values(rows).execute());
  const changes = clients.map(({ clientId }) => ({ client_id: clientId }));
  await insertChunks(changes, dialect, (rows) => transaction.insertInto("changes").values(rows).execute());
}

/** Returns false if there already is a record for the same key. */
async function insertRecord(transaction: Transaction<Tables>, record: DatedRecord | undefined): Promise<boolean> {
  if (record === undefined) return true;
  const { keyDigest, otherKeyDigests = [], requestDigest, sealed, at } = record;
  await transaction // an expired record counts as absent, even if it was not deleted yet
    .deleteFrom("kept_answers")
    .where("key_digest", "=", keyDigest)
    .where("created_at", "<=", at - idempotencyRecordLifetime)
    .execute();
  if (otherKeyDigests.length > 0) {
    const other = transaction
      .selectFrom("kept_answers")
      .select("key_digest")
      .where("key_digest", "in", otherKeyDigests)
      .where("created_at", ">", at - idempotencyRecordLifetime);
    if ((await other.executeTakeFirst()) !== undefined) return false;
  }
  const inserted = await transaction
    .insertInto("kept_answers")
    .values({ key_digest: keyDigest, request_digest: requestDigest, sealed, created_at: at })
    .onConflict((conflict) => conflict.column("key_digest").doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** How many uses one statement writes. Token requests wait for it: 4 to 31 ms with a million clients. */
const usesPerStatement = 500;

/** Writes in primary-key order, so that uses on one page are written together. Lets requests run between statements. */
async function recordUses(
  db: Kysely<Tables>,
  uses: ReadonlyMap<SecretId, SecretUse>,
  dialect: SqlDialect,
): Promise<void> {
  const secretIds = [...uses.keys()].sort();
  for (let start = 0; start < secretIds.length; start += usesPerStatement) {
    if (start > 0) await endOfTurn();
    const rows = secretIds.slice(start, start + usesPerStatement).map((secretId) => {
      const use = uses.get(secretId);
      return [secretId, use?.at, use?.from];
    });
    await recordSomeUses(db, JSON.stringify(rows), dialect);
  }
}

/** Leaves out secrets that were deleted meanwhile. */
async function recordSomeUses(db: Kysely<Tables>, json: string, dialect: SqlDialect): Promise<void> {
  await db
    .insertInto("secret_uses")
    .columns(["secret_id", "used_at", "used_from"])
    .expression(
      (query) =>
        query
          .selectFrom(dialect.usesFromJson(json).as("used"))
          .innerJoin("client_secrets as secret", (join) =>
            join.onRef("secret.secret_id", "=", sql.ref<SecretId>("used.secret_id")),
          )
          .select(["secret.secret_id", "used.used_at", "used.used_from"])
          .where(sql.lit(true)), // SQLite would take the ON of the conflict clause for one of the join
    )
    .onConflict((conflict) =>
      conflict
        .column("secret_id")
        .doUpdateSet(({ ref }) => ({ used_at: ref("excluded.used_at"), used_from: ref("excluded.used_from") }))
        .whereRef("excluded.used_at", ">", "secret_uses.used_at"),
    )
    .execute();
}
