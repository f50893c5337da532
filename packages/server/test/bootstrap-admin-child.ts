import { makeBootstrapAdmin } from "@carnet/server/bootstrap-admin";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";

/** Creates the first admin client in the given store, and sends its secret if this process created it. */
process.once("message", async ({ storePath, adminFile }: { storePath: string; adminFile: string }) => {
  const registry = await openTestRegistry(storePath);
  const db = await openSqlite(storePath);
  const made = await makeBootstrapAdmin(
    { db, dialect: sqliteDialect },
    { issuer: "http://127.0.0.1:8080", adminFile, node: "test" },
    registry,
  );
  await registry.close();
  await db.destroy();
  process.send?.(made?.clientSecret.reveal() ?? "");
});
process.send?.("waiting");
