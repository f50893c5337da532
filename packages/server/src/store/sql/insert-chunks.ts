import type { SqlDialect } from "./sql-dialect.ts";

/** Inserts rows in parts that each fit into one statement. */
export async function insertChunks<Row extends object>(
  rows: readonly Row[],
  { maxValues }: Pick<SqlDialect, "maxValues">,
  insert: (chunk: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  const size = Math.floor(maxValues / Object.keys(rows[0] ?? { none: 0 }).length);
  for (let start = 0; start < rows.length; start += size) await insert(rows.slice(start, start + size));
}
