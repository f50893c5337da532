import { revocationHandleForm } from "@carnet/protocol/ids";
import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** Secrets are found by their digest; clients and secrets get revocation handles. */
export const secretsByDigest = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { text } = rawTypes(columns);
    await sql`delete from clients where client_id = ''`.execute(db); // the stand-in for unknown clients
    await sql`alter table client_secrets drop column salt`.execute(db);
    await sql`create unique index client_secrets_digest on client_secrets (digest)`.execute(db);
    for (const table of [sql.table("clients"), sql.table("client_secrets")]) {
      await sql`alter table ${table} add column handle ${text} not null default ''`.execute(db);
      const { rows } = await sql`select 1 from ${table} limit 1`.execute(db);
      if (rows.length > 0) await sql`update ${table} set handle = ${randomHandle}`.execute(db);
    }
  },
});

/** In SQLite's words, since no other database has rows from before this migration. Its `random()` comes from ChaCha20. */
const character = sql`substr(${sql.lit(revocationHandleForm.alphabet)}, 1 + (random() & 63), 1)`;
const randomHandle = sql.join(Array<typeof character>(revocationHandleForm.length).fill(character), sql` || `);
