import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, beforeEach, suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { isSealed, openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { wrapDatabase } from "@carnet/server/store/sqlite/node-sqlite-database";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { eventQuery } from "@carnet/testkit/sample-events";
import { testDataKeys } from "@carnet/testkit/test-data-keys";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { sql } from "kysely";

const folders: string[] = [];
let file = "";
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "carnet-test-"));
  folders.push(folder);
  file = join(folder, "deep", "er", "carnet.db");
});
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** Queries the file directly, as another program would. */
function query(sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

const openAndClose = async () => (await openSqlite(file)).destroy();
const digest = async () =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof OperatorFault && pattern.test(error.message) && /^[^\n]+\.$/.test(error.message);

suite("The schema", () => {
  test("is created in a new file, in folders that are created too, for the owner only", async () => {
    await openAndClose();
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(file, ".."))).mode & 0o777, 0o700);
    const names = query(
      "select name from sqlite_schema where type = 'table' and name not like 'kysely%' and name not like 'sqlite%' order by name",
    );
    assert.deepEqual(
      names.map(({ name }) => name),
      [
        ...["announced_ends", "audit_event_clients", "audit_events", "changes", "client_claims"],
        ...["client_labels", "client_scopes", "client_secrets", "client_usage", "clients", "data_keys"],
        ...["journal_files", "kept_answers", "owners", "peppers"],
        ...[
          "refusals",
          "revocations",
          "schema_compatibility",
          "scopes",
          "sealed_values",
          "secret_uses",
          "signing_keys",
          "unknown_refusals",
          "webhook_delivery",
        ],
      ],
    );
    assert.deepEqual(query("pragma integrity_check"), [{ integrity_check: "ok" }]);
  });

  test("does not change when the file is opened again", async () => {
    await openAndClose();
    const schema = query("select name, sql from sqlite_schema order by name");
    await openAndClose();
    assert.deepEqual(query("select name, sql from sqlite_schema order by name"), schema);
    assert.deepEqual(query("select name from kysely_migration"), [
      { name: "0001-clients-and-keys" },
      { name: "0002-administration" },
      { name: "0003-quick-reading" },
      { name: "0004-secrets-by-digest" },
      { name: "0005-no-secret-prefix" },
      { name: "0006-audit" },
      { name: "0007-teams" },
      { name: "0008-revocations" },
      { name: "0009-compatibility" },
      { name: "0010-key-ring" },
      { name: "0011-claims" },
      { name: "0012-peppers" },
      { name: "0013-data-keys" },
    ]);
  });

  test("uses a write-ahead log that is synced with each commit, and foreign keys", async () => {
    const db = await openSqlite(file);
    const setting = async (name: string) => {
      const { rows } = await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(db);
      return Object.values(rows[0] ?? {})[0];
    };
    assert.equal(await setting("journal_mode"), "wal");
    assert.equal(await setting("synchronous"), 2);
    assert.equal(await setting("foreign_keys"), 1);
    await db.destroy();
  });

  test("of a newer version is refused and left unchanged", async () => {
    await openAndClose();
    query("insert into kysely_migration (name, timestamp) values ('0099-later', '2030-01-01')");
    query("update schema_compatibility set works_with = '0099-later'");
    await assert.rejects(openSqlite(file), refusal(/made by a newer version of Carnet/));
    assert.deepEqual(query("select name from kysely_migration order by name").at(-1), { name: "0099-later" });
  });

  test("that a newer version upgrades under a running process is not called damaged", async () => {
    const db = await openSqlite(file);
    query("alter table client_secrets drop column label");
    const read = db.selectFrom("client_secrets").select("label").execute();
    await assert.rejects(read, refusal(/If a newer version has upgraded it, end this process and use that version\./));
    await db.destroy();
  });

  test("of another program is refused, and no byte of its file changes", async () => {
    await openAndClose();
    await rm(file);
    query("create table theirs (a)");
    const before = await digest();
    await assert.rejects(openSqlite(file), refusal(/belongs to another program/));
    assert.equal(await digest(), before);
  });

  test("of another program without tables is refused by its application id", async () => {
    await openAndClose();
    await rm(file);
    query("pragma application_id = 42");
    await assert.rejects(openSqlite(file), refusal(/belongs to another program/));
  });

  test("is not created in a file that is not a database, and no byte of it changes", async () => {
    await openAndClose();
    await writeFile(file, "planted words, and more than one page of them. ".repeat(200));
    const before = await digest();
    await assert.rejects(openSqlite(file), refusal(/is not an SQLite database/));
    assert.equal(await digest(), before);
  });

  test("is not created when the parent folder is a file", async () => {
    const blocked = folders.at(-1) ?? "";
    await writeFile(join(blocked, "deep"), "");
    await chmod(join(blocked, "deep"), 0o600);
    await assert.rejects(
      openSqlite(file),
      refusal(/The database .* cannot be created \(ENOTDIR\): let this user write in the folder/),
    );
  });
});

suite("A statement", () => {
  test("that cannot be prepared throws an operator fault when the operator can fix the cause", async () => {
    await openAndClose();
    await writeFile(file, "no database ".repeat(1000));
    const database = new DatabaseSync(file);
    assert.throws(
      () => wrapDatabase(database, file).prepare("select 1 from clients"),
      refusal(/not an SQLite database/),
    );
    database.close();
  });

  test("refuses a value that the database cannot store", async () => {
    await openAndClose();
    const database = new DatabaseSync(file);
    assert.throws(
      () =>
        wrapDatabase(database, file)
          .prepare("select ?")
          .all([{ a: 1 }]),
      TypeError,
    );
    database.close();
  });
});

suite("A sealed value", () => {
  const ports = sqlitePorts(new FixedClock("2026-11-21T12:00:00Z"));

  test("is created once, and opens to the same value under the same master key", async () => {
    const db = await openSqlite(file);
    assert.equal(await isSealed(db), false);
    const made = await openSealedKeys(db, testDataKeys(db, 1), ports);
    const [signingKey] = await storedSigningKeys(db, testDataKeys(db, 1), ports);
    assert.equal(await isSealed(db), true);
    const stored = createSqlEventStore(db, ports).search(eventQuery({ kinds: ["key_created"] }));
    assert.deepEqual(
      (await stored).map(({ id }) => id),
      [made.created?.id],
    );
    const [key] = made.created?.objects ?? [];
    assert.deepEqual(key, {
      type: "key",
      id: signingKey?.keyId,
      clientId: null,
      owner: null,
      action: "created",
      changes: {
        algorithm: { before: null, after: "ES256" },
        active_from: { before: null, after: "2026-11-21T12:00:00.000Z" },
      },
    });
    const opened = await openSealedKeys(db, testDataKeys(db, 1), ports);
    assert.equal(opened.created, undefined);
    assert.deepEqual([...opened.pepper.reveal()], [...made.pepper.reveal()]);
    assert.equal((await storedSigningKeys(db, testDataKeys(db, 1), ports)).length, 1);
    assert.equal(made.pepper.reveal().length, 32);
    await db.destroy();
  });

  test("does not open under another master key, and is left unchanged", async () => {
    const db = await openSqlite(file);
    await openSealedKeys(db, testDataKeys(db, 1), ports);
    await assert.rejects(
      openSealedKeys(db, testDataKeys(db, 2), ports),
      refusal(/The master key does not open this store/),
    );
    await openSealedKeys(db, testDataKeys(db, 1), ports);
    await db.destroy();
  });

  test("is not in the file in plain or base64", async () => {
    const db = await openSqlite(file);
    const { pepper } = await openSealedKeys(db, testDataKeys(db, 1), ports);
    const signingKeys = await storedSigningKeys(db, testDataKeys(db, 1), ports);
    await db.destroy();
    const bytes = await readFile(file);
    assert.ok(!bytes.includes(Buffer.from(pepper.reveal())));
    const jwk = signingKeys[0]?.privateKey.export({ format: "jwk" });
    const scalar = Buffer.from(jwk?.d ?? "", "base64url");
    assert.equal(scalar.length, 32);
    assert.ok(!bytes.includes(scalar) && !bytes.includes(jwk?.d ?? "-"));
    assert.ok(bytes.includes(jwk?.x ?? "-"), "the public part should be there, or this test looks in the wrong place");
  });
});
