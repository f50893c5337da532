import { DatabaseSync } from "node:sqlite";
import type { JournalHead } from "@carnet/server/journal/journal-sink";

/** The anchors of the journal in a database file. */
export function anchorsIn(path: string): readonly JournalHead[] {
  using database = new DatabaseSync(path);
  const rows = database.prepare("select * from journal_files").all();
  return rows.map((row) => ({
    file: String(row["file"]),
    records: Number(row["records"]),
    hash: String(row["hash"]),
    oldestAt: row["oldest_at"] === null ? null : Number(row["oldest_at"]),
    newestAt: row["newest_at"] === null ? null : Number(row["newest_at"]),
    state: row["closed"] === 1 ? "closed" : "open",
  }));
}
