import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { allClients } from "@carnet/testkit/all-clients";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertServed } from "./support/assert-whole.ts";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, makeStore } from "./support/store-files.ts";
import { unprivileged } from "./support/unprivileged.ts";

const startUnprivileged = (folder: string, store?: string) => startOnce({ folder, store, command: unprivileged });

suite("a read-only disk", () => {
  test("stops the first start, and the next one creates the store once writing is allowed", async () => {
    await using folder = await temporaryFolder();
    chmodSync(folder.path, 0o555);
    const finished = await startUnprivileged(folder.path);
    chmodSync(folder.path, 0o755);
    assertStopsWith(
      finished,
      /The database carnet\.db cannot be created \(EACCES\): let this user write in the folder \., or/,
    );
    assert.deepEqual(contentsOf(folder.path), {});
    assert.equal((await startUnprivileged(folder.path)).code, 0);
  });

  const modes: readonly (readonly [title: string, folder: number, file: number, sentence: RegExp])[] = [
    [
      "with a read-only file",
      0o755,
      0o444,
      /The database carnet\.db cannot be read and written \(EACCES\): let this user do so, or set CARNET_STORE to another/,
    ],
    [
      "with an unreadable file",
      0o755,
      0o000,
      /The database carnet\.db cannot be read and written \(EACCES\): let this user do so/,
    ],
    [
      "in a read-only folder",
      0o555,
      0o600,
      /The database carnet\.db cannot be (opened: check that its folder exists and that this user may write there|written: make the file and its folder writable)/,
    ],
  ];
  for (const [title, folderMode, fileMode, sentence] of modes) {
    test(`stops a start on a store ${title}, and nothing in it is changed`, async () => {
      await using store = await makeStore();
      const before = contentsOf(store.path);
      chmodSync(store.database, fileMode);
      chmodSync(store.path, folderMode);
      const finished = await startUnprivileged(store.path);
      chmodSync(store.path, 0o755);
      chmodSync(store.database, 0o600);
      assertStopsWith(finished, sentence);
      assert.deepEqual(contentsOf(store.path), before);
      await assertServed(store.path, store.clients);
    });
  }

  test("does not make an existing store look missing when its folder is not accessible", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("closed"));
    chmodSync(folder.file("closed"), 0o000);
    const finished = await startUnprivileged(folder.path, "closed/carnet.db");
    chmodSync(folder.file("closed"), 0o755);
    assertStopsWith(finished, /The database closed\/carnet\.db cannot be created \(EACCES\)/);
  });
});

suite("an invalid path of the database", () => {
  test("stops the start: its folder is a file", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file("file"), "content");
    const before = contentsOf(folder.path);
    const finished = await startUnprivileged(folder.path, "file/carnet.db");
    assertStopsWith(
      finished,
      /The database file\/carnet\.db cannot be created \(\w+\): let this user write in the folder file, or/,
    );
    assert.deepEqual(contentsOf(folder.path), before);
  });

  test("stops the start: it is itself a folder", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("carnet.db"));
    const finished = await startUnprivileged(folder.path);
    assertStopsWith(finished, /The database carnet\.db cannot be opened: check that its folder exists/);
  });

  test("does not include the special names of SQLite, which are ordinary files", async () => {
    await using folder = await temporaryFolder();
    for (const name of [":memory:", "file:other.db?mode=memory"]) {
      assert.equal((await startUnprivileged(folder.path, name)).code, 0);
      const registry = await openTestRegistry(folder.file(name));
      const stored = (await allClients(registry.store)).map(({ clientId }) => clientId);
      await registry.close();
      assert.deepEqual(stored, ["carnet-admin"], name);
      rmSync(folder.file("admin.json"));
    }
  });
});
