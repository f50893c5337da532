import { sql } from "kysely";
import type { SqlDialect } from "../sql/sql-dialect.ts";
import { openChangeFeed } from "./change-feed.ts";

export const sqliteDialect: SqlDialect = {
  columns: {
    text: "text",
    integer: "integer",
    instant: "integer",
    bytes: "blob",
    sequence: "integer primary key autoincrement",
    clustered: "without rowid",
  },
  maxValues: 32_000, // SQLite's own limit is 32766
  usesFromJson: (json) => sql`
    (select value ->> 0 as secret_id, value ->> 1 as used_at, value ->> 2 as used_from from json_each(${json}))`,
  movesFromJson: (json) => sql`
    (select value ->> 0 as secret_id, value ->> 1 as from_pepper, value ->> 2 as to_pepper, unhex(value ->> 3) as digest
    from json_each(${json}))`,
  texts: (json) => sql`(select value from json_each(${json}))`,
  contains(column, text) {
    const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
    return sql`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`; // lower() folds A to Z only
  },
  async eraseDeleted(db) {
    // `secure_delete` has overwritten them in the newest pages. The log has older pages, and the file has them until then
    await sql`pragma wal_checkpoint(truncate)`.execute(db);
  },
  async takeTurn() {}, // a transaction has the only write lock from its beginning
  openChangeFeed,
};
