import assert from "node:assert/strict";
import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { parseClientId } from "@carnet/protocol/ids";
import { createSealer } from "@carnet/server/crypto/sealer";
import { createSecretHasher } from "@carnet/server/crypto/secret-hasher";
import { openSealedKeys } from "@carnet/server/store/sealed-keys";
import { createSqlClientStore } from "@carnet/server/store/sql-client-store";
import { createSqlScopeStore } from "@carnet/server/store/sql-scope-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sql } from "kysely";

const idOf = (text: string) => {
  const id = parseClientId(text);
  if (!id.ok) throw new Error(id.error);
  return id.value;
};

test("a client that cannot be read keeps nobody out for whom it stands in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "carnet-test-"));
  const db = await openSqlite(join(folder, "carnet.db"));
  try {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    const { pepper } = await openSealedKeys(db, createSealer(createSecretKey(Buffer.alloc(32, 1))), clock);
    const store = createSqlClientStore(db, { clock, drawStandIn: () => "0" }); // the first secret's client stands in for everybody
    const random = { bytes: (length: number) => randomBytes(length), uuid: () => randomUUID() };
    const scopes = new ScopeCatalogue(createSqlScopeStore(db), true);
    const hasher = createSecretHasher(pepper.reveal());
    for (const client_id of ["sound", "other"]) {
      const registered = await registerClient({ client_id }, { clock, random, hasher, store, scopes });
      assert.ok(registered.ok);
    }
    const { client } = await store.find(idOf("nobody"));
    await sql`update clients set scope_policy = 'unheard of' where client_id = ${client.clientId}`.execute(db);
    const sound = client.clientId === "sound" ? "other" : "sound";
    assert.equal((await store.find(idOf(sound))).known, true);
    assert.equal((await store.find(idOf("nobody"))).known, false);
    await assert.rejects(store.find(client.clientId), /cannot read/);
  } finally {
    await db.destroy();
    await rm(folder, { recursive: true });
  }
});
