import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

/**
 * Tells of every client that any process changed. SQLite lets one writer in at a time, so the numbers of changes come
 * up in the order of their commits and none can appear behind one that was seen.
 */
export async function openChangeFeed(
  db: Kysely<Tables>,
  onChange: (clientId: string) => void,
): Promise<() => Promise<void>> {
  const newest = await db
    .selectFrom("changes")
    .select((select) => select.fn.max("number").as("number"))
    .executeTakeFirst();
  let seen = newest?.number ?? 0;
  return async function poll(): Promise<void> {
    const changes = await db.selectFrom("changes").selectAll().where("number", ">", seen).orderBy("number").execute();
    for (const { number, client_id } of changes) {
      seen = number;
      onChange(client_id);
    }
  };
}
