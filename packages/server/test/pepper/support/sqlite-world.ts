import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { PepperWorld } from "./pepper-world.ts";

/** The world in a SQLite file, at a time in milliseconds since the epoch. */
export async function openSqliteWorld(file: string, at: number): Promise<PepperWorld & AsyncDisposable> {
  const [db, other] = [await openSqlite(file), await openSqlite(file)];
  const close = async (): Promise<void> => {
    for (const connection of [db, other]) await connection.destroy();
  };
  const database = { db, other, dialect: sqliteDialect, url: `sqlite:${file}`, [Symbol.asyncDispose]: close };
  const world = await PepperWorld.open(database, at);
  return Object.assign(world, { [Symbol.asyncDispose]: close });
}
