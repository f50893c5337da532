import { idempotencyRecordLifetime } from "@carnet/core/idempotency-record";
import { type Kysely, sql, type Transaction } from "kysely";
import { type DataKey, dataKeyOf, type MasterKey, makeDataKey, seal } from "../../crypto/sealer.ts";
import { DamagedStore } from "../damaged-store.ts";
import { type DataKeyRow, type DataKeys, openWith, readDataKeys } from "./data-keys.ts";
import { pepperContext } from "./peppers.ts";
import type { Tables } from "./schema.ts";
import { signingKeyContext } from "./signing-key-store.ts";

/** A column of values that last. Each row's value is bound to the row by its context. */
interface SealedColumn {
  readonly table: keyof Tables;
  readonly id: string;
  readonly column: string;
  contextOf(id: string): string;
}

/**
 * Every column with values that are sealed again under a new data key. Idempotency records are not: they end before
 * their data key does.
 */
export const sealedColumns: readonly SealedColumn[] = [
  { table: "peppers", id: "pepper_id", column: "sealed", contextOf: pepperContext },
  { table: "signing_keys", id: "key_id", column: "sealed_private_key", contextOf: signingKeyContext },
];

/** How long a replaced data key still opens values, in milliseconds: a minute longer than idempotency records live. */
export const dataKeyGrace = idempotencyRecordLifetime + 60_000;

/** A master key that is to open the store. */
export interface OpeningKey {
  readonly masterKey: MasterKey;
  /** It is being replaced. */
  readonly outgoing: boolean;
}

export interface Replacement {
  readonly dataKeyId: string;
  /** How many values were sealed again. */
  readonly values: number;
}

/**
 * Makes a new data key, seals every value again under it, and lets these master keys and no others open the store. Earlier
 * data keys stay for a while, for what ends by itself. Must run in turn with the `changes`. Throws a DamagedStore if a
 * value does not open: nothing is changed then.
 */
export async function replaceDataKey(
  transaction: Transaction<Tables>,
  { dataKeys, masterKeys, now }: { dataKeys: DataKeys; masterKeys: readonly OpeningKey[]; now: number },
): Promise<Replacement> {
  const rows = await readDataKeys(transaction);
  const opened = rows.length === 0 ? { all: new Map<string, DataKey>() } : await dataKeys.readIn(transaction);
  const fresh = makeDataKey();
  const values = await sealAgain(transaction, fresh, (sealed, context) =>
    dataKeyOf(sealed) === undefined
      ? dataKeys.masterKey.openFirstVersion(sealed, context)
      : openWith(opened, sealed, context),
  );
  const kept = earlierKeys(rows, opened.all, now);
  const all = [{ dataKey: fresh, created_at: now, retires_at: null }, ...kept];
  await transaction.deleteFrom("data_keys").execute();
  for (const { masterKey, outgoing } of masterKeys)
    for (const { dataKey, ...times } of all) {
      const ids = { data_key_id: dataKey.id, master_key_id: masterKey.id };
      const row = { ...ids, wrapped: masterKey.wrap(dataKey), outgoing: outgoing ? 1 : 0, ...times };
      await transaction.insertInto("data_keys").values(row).execute();
    }
  return { dataKeyId: fresh.id, values };
}

/** Deletes the data keys that nothing needs any more. */
export async function deleteRetiredKeys(db: Kysely<Tables>, now: number): Promise<void> {
  await db.deleteFrom("data_keys").where("retires_at", "<=", now).execute();
}

async function sealAgain(
  transaction: Transaction<Tables>,
  fresh: DataKey,
  openValue: (sealed: Uint8Array, context: string) => Buffer | undefined,
): Promise<number> {
  let values = 0;
  for (const { table, id, column, contextOf } of sealedColumns) {
    const read = sql<{ id: string; sealed: unknown }>`
      select ${sql.ref(id)} as id, ${sql.ref(column)} as sealed from ${sql.table(table)}
      where ${sql.ref(column)} is not null`;
    for (const row of (await read.execute(transaction)).rows) {
      const context = contextOf(row.id);
      const plain = row.sealed instanceof Uint8Array ? openValue(row.sealed, context) : undefined;
      if (plain === undefined) throw damagedValue(table, row.id);
      const sealed = seal(fresh, plain, context);
      await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sealed} where ${sql.ref(id)} = ${row.id}`.execute(
        transaction,
      );
      values++;
    }
  }
  return values;
}

/** The earlier data keys that still open something, with the time at which they end. */
const earlierKeys = (rows: readonly DataKeyRow[], opened: ReadonlyMap<string, DataKey>, now: number) =>
  [...opened.values()].flatMap((dataKey) => {
    const row = rows.find((one) => one.data_key_id === dataKey.id);
    const retires_at = row?.retires_at ?? now + dataKeyGrace;
    return row === undefined || retires_at <= now ? [] : [{ dataKey, created_at: row.created_at, retires_at }];
  });

const damagedValue = (table: string, id: string): DamagedStore =>
  new DamagedStore(
    `The store is damaged, its ${table} row ${id} cannot be decrypted: restore it from a backup. Nothing was changed.`,
  );
