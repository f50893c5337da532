import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PassThrough } from "node:stream";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { startServer } from "@carnet/server/main";
import { freePort } from "@carnet/testkit/free-port";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type Credentials, openStore } from "./store-files.ts";

/** Asserts that a store opens, is intact, has every acknowledged client, and has nothing half done. */
export async function assertWhole(folder: string, acknowledged: readonly Credentials[]): Promise<void> {
  const registry = await openStore(folder);
  await registry.close();
  using database = new DatabaseSync(join(folder, "carnet.db"));
  const column = (sql: string): unknown[] =>
    database
      .prepare(sql)
      .all()
      .flatMap((row) => Object.values(row));
  assert.deepEqual(column("pragma integrity_check"), ["ok"]);
  assert.deepEqual(column("pragma foreign_key_check"), []);
  assert.deepEqual(column("select count(*) from signing_keys"), [1]);
  assert.deepEqual(column("select count(*) from peppers where sealed is not null and ends_at is null"), [1]);
  const half = "select client_id from clients where client_id not in (select client_id from client_secrets)";
  assert.deepEqual(column(half), [], "a client without a secret");
  const orphans = "select secret_id from client_secrets where client_id not in (select client_id from clients)";
  assert.deepEqual(column(orphans), [], "a secret without a client");
  const stored = new Set(column("select client_id from clients"));
  assert.deepEqual(
    acknowledged.filter(({ id }) => !stored.has(id)),
    [],
    "acknowledged and lost",
  );
  const exposed = readdirSync(folder).filter((file) => (statSync(join(folder, file)).mode & 0o077) !== 0);
  assert.deepEqual(exposed, [], "files that others can read");
  assert.ok(existsSync(join(folder, "master.key")));
}

/** Asserts that a service starts on the store, and that each client gets a token from it. */
export async function assertServed(folder: string, clients: readonly Credentials[] = []): Promise<void> {
  const flags = { port: String(await freePort()), dataDir: folder, logLevel: "silent" };
  const configuration = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
  const server = await startServer(configuration, new PassThrough().resume());
  try {
    for (const { id, secret } of clients) {
      const answer = await requestToken(server.url, id, secret);
      assert.equal(answer.status, 200, `client ${id}: ${await answer.text()}`);
    }
  } finally {
    await server.close();
  }
}
