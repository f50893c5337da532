import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { parseClientId } from "@carnet/protocol/ids";
import { OperatorFault } from "@carnet/server/fault";
import { DamagedStore } from "@carnet/server/store/damaged-store";
import { allClients } from "@carnet/testkit/all-clients";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import fc from "fast-check";
import { assertServed } from "./support/assert-whole.ts";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, copyStore, makeStore, openStore, type StoreFiles } from "./support/store-files.ts";

const pageSize = 4096;

const notADatabase =
  /^carnet: The file \S*carnet\.db is not an SQLite database: set CARNET_STORE to another file\. It was not changed/;
const damaged = /^carnet: The database \S*carnet\.db is damaged: restore it from a backup, or set CARNET_STORE to/;

suite("a damaged database", () => {
  let sound: StoreFiles;
  before(async () => {
    sound = await makeStore(120);
  });
  after(() => sound[Symbol.asyncDispose]());

  const faults: readonly (readonly [title: string, harm: (file: string) => void, sentence: RegExp])[] = [
    [
      "that is empty",
      (file) => truncateSync(file, 0),
      /^carnet: The database carnet\.db is empty, so a registry was lost: restore it from a backup, or run `rm -f carnet\.db carnet\.db-wal carnet\.db-shm` to start with a new one\.$/m,
    ],
    ["that is not a database", (file) => writeFileSync(file, "It was a dark night.\n".repeat(500)), notADatabase],
    ["whose header was overwritten", (file) => overwrite(file, 0, 16), notADatabase],
    ["that was truncated in its header", (file) => truncateSync(file, 50), damaged],
    ["that was truncated between two pages", (file) => truncateSync(file, 3 * pageSize), damaged],
    ["that was truncated within a page", (file) => truncateSync(file, 2 * pageSize + 1000), damaged],
    ["whose schema table was overwritten", (file) => overwrite(file, 100, 8), damaged],
    [
      "of another program",
      makeForeign,
      /belongs to another program: set CARNET_STORE to another file\. It was not changed/,
    ],
    ["with the tables of another program", makeTable, /belongs to another program/],
    [
      "of a newer version of Carnet",
      addMigration,
      /was made by a newer version of Carnet: start that version, or set CARNET_STORE to another database/,
    ],
  ];
  for (const [title, harm, sentence] of faults) {
    test(`${title} stops the start and is left unchanged`, async () => {
      await using store = await copyStore(sound);
      harm(store.database);
      const found = contentsOf(store.path);
      const serve = await startOnce({ folder: store.path });
      assertStopsWith(serve, sentence);
      assert.match(serve.stderr, /carnet\.db/);
      assert.deepEqual(contentsOf(store.path), found);
      writeFileSync(store.database, readFileSync(sound.database));
      await assertServed(store.path, store.clients.slice(0, 1));
    });
  }

  test("that is missing while its log exists stops the start, and the command in the message clears the way for a new one", async () => {
    await using store = await makeStore();
    {
      await using killed = await serveCarnet({ folder: store.path });
      killed.process.kill("SIGKILL");
      await killed.process.finished();
    }
    assert.ok(statSync(store.file("carnet.db-wal")).size > 0);
    rmSync(store.database);
    const found = contentsOf(store.path);
    const refused = await startOnce({ folder: store.path });
    assertStopsWith(
      refused,
      /^carnet: The database carnet\.db is missing, but its log is there, so a registry was lost: restore it from/,
    );
    assert.deepEqual(contentsOf(store.path), found);
    const [, command = ""] = /`(rm .*)`/.exec(refused.stderr) ?? [];
    execFileSync("sh", ["-c", command], { cwd: store.path });
    assert.equal((await startOnce({ folder: store.path })).code, 0);
    const registry = await openStore(store.path);
    const ids = (await allClients(registry.store)).map(({ clientId }) => clientId);
    await registry.close();
    assert.deepEqual(ids, ["carnet-admin"]);
  });

  test("is served where it is intact; requests that reach the damage get 503 with Retry-After, and the service is not ready", async () => {
    await using store = await copyStore(sound);
    const [near, far] = [store.clients[5], store.clients[110]];
    assert.ok(near && far);
    await assertServed(store.path); // creates the first admin client
    const [page, ...others] = leavesOfClients(store.database, far.id);
    assert.ok(page !== undefined && others.length === 0);
    assert.ok(!leavesOfClients(store.database, near.id).includes(page));
    overwrite(store.database, page * pageSize, 8);

    await using carnet = await serveCarnet({ folder: store.path });
    assert.equal((await requestToken(carnet.url, near.id, near.secret)).status, 200);
    const refused = await requestToken(carnet.url, far.id, far.secret);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
    assert.deepEqual(await refused.json(), {
      error: "temporarily_unavailable",
      error_description: "the service cannot reach its store at the moment: try again",
    });
    const ready = await fetch(`${carnet.url}/health/ready`);
    assert.equal(ready.status, 503);
    assert.equal((await ready.json()).store, false);
    assert.equal((await fetch(`${carnet.url}/health/live`)).status, 200);
    assert.equal((await requestToken(carnet.url, near.id, near.secret)).status, 200);
    assert.match(carnet.process.stdout, /"request_failed"/);
    assert.match(carnet.process.stdout, /carnet\.db is damaged: restore it from a backup/);
    assert.equal(carnet.process.stderr, "");
    await assert.rejects(readAll(store), DamagedStore);
  });

  test("with any bytes flipped is read or refused with a message to the operator", async () => {
    const size = readFileSync(sound.database).length;
    const flips = fc.array(fc.record({ at: fc.nat(size - 1), mask: fc.integer({ min: 1, max: 255 }) }), {
      minLength: 1,
      maxLength: 200,
    });
    await using store = await copyStore(sound);
    await fc.assert(
      fc.asyncProperty(flips, async (places) => {
        const bytes = readFileSync(sound.database);
        for (const { at, mask } of places) bytes[at] = (bytes[at] ?? 0) ^ mask;
        writeFileSync(store.database, bytes);
        try {
          await readAll(store);
        } catch (error) {
          if (!(error instanceof OperatorFault)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** Reads all data that a service reads. */
async function readAll(store: StoreFiles): Promise<void> {
  const registry = await openStore(store.path);
  try {
    for (const { id } of store.clients) {
      const clientId = parseClientId(id);
      if (clientId.ok) await registry.store.find(clientId.value);
    }
    await allClients(registry.store);
  } finally {
    await registry.close();
  }
}

function overwrite(file: string, from: number, length: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0xa5, from, from + length);
  writeFileSync(file, bytes);
}

/** The leaf pages of the clients table that contain an id. Its long names tell it from other tables. */
function leavesOfClients(file: string, id: string): number[] {
  const bytes = readFileSync(file);
  const pages = Array.from({ length: bytes.length / pageSize }, (_, page) => page);
  return pages.filter((page) => {
    const content = bytes.subarray(page * pageSize, (page + 1) * pageSize);
    return content[0] === 0x0a && content.includes(id) && content.includes("n".repeat(200));
  });
}

function change(file: string, sql: string): void {
  using database = new DatabaseSync(file);
  database.exec(sql);
}

function makeForeign(file: string): void {
  change(file, "pragma application_id = 1196444487");
}

function addMigration(file: string): void {
  change(file, "insert into kysely_migration values ('9999-of-the-future', '2999-01-01T00:00:00.000Z')");
  change(file, "update schema_compatibility set works_with = '9999-of-the-future'");
}

function makeTable(file: string): void {
  truncateSync(file, 0);
  change(file, "create table notes (text)");
}
