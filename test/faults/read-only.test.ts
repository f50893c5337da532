import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { ownedByNobody, runAsNobody } from "./support/nobody.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, makeStore } from "./support/store-files.ts";

const serve = ["serve", "--issuer", "http://localhost:8080", "--store", "sqlite:carnet.db"];
const create = ["client", "create", "--store", "sqlite:carnet.db"];
const list = ["client", "list", "--store", "sqlite:carnet.db"];

suite("a disk that may not be written", () => {
  test("stops the first start, and the next one makes the store once it may", async () => {
    await using folder = await temporaryFolder();
    ownedByNobody(folder.path);
    chmodSync(folder.path, 0o555);
    const finished = await runAsNobody(create, { cwd: folder.path });
    chmodSync(folder.path, 0o755);
    assertStopsWith(
      finished,
      /The database carnet\.db cannot be made \(EACCES\): let this user write in the folder \., or/,
    );
    assert.deepEqual(contentsOf(folder.path), {});
    assert.equal((await runAsNobody(create, { cwd: folder.path })).code, 0);
  });

  const modes: readonly (readonly [what: string, folder: number, file: number, sentence: RegExp])[] = [
    [
      "with a file that may not be written",
      0o755,
      0o444,
      /The database carnet\.db cannot be read and written \(EACCES\): let this user do so, or set CARNET_STORE to another/,
    ],
    [
      "with a file that may not be read",
      0o755,
      0o000,
      /The database carnet\.db cannot be read and written \(EACCES\): let this user do so/,
    ],
    [
      "in a folder that may not be written",
      0o555,
      0o600,
      /The database carnet\.db cannot be (opened: check that its folder exists and that this user may write there|written: make the file and its folder writable)/,
    ],
  ];
  for (const [what, folderMode, fileMode, sentence] of modes) {
    test(`stops whatever needs a store ${what}, and nothing of it is changed`, async () => {
      await using store = await makeStore();
      ownedByNobody(store.path);
      const before = contentsOf(store.path);
      chmodSync(store.database, fileMode);
      chmodSync(store.path, folderMode);
      const finished = [];
      for (const args of [serve, create, list]) finished.push(await runAsNobody(args, { cwd: store.path }));
      chmodSync(store.path, 0o755);
      chmodSync(store.database, 0o600);
      for (const each of finished) assertStopsWith(each, sentence);
      assert.deepEqual(contentsOf(store.path), before);
      assert.equal((await runAsNobody(create, { cwd: store.path })).code, 0);
    });
  }

  test("does not hide a store that is there from who may not look into its folder", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("closed"));
    ownedByNobody(folder.path);
    chmodSync(folder.file("closed"), 0o000);
    const args = ["client", "list", "--store", "sqlite:closed/carnet.db"];
    const finished = await runAsNobody(args, { cwd: folder.path });
    chmodSync(folder.file("closed"), 0o755);
    assertStopsWith(finished, /The database closed\/carnet\.db cannot be made \(EACCES\)/);
  });
});

suite("a place for the database that is none", () => {
  test("stops the start: its folder is a file", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file("file"), "content");
    const before = contentsOf(folder.path);
    const finished = await runAsNobodyIn(folder.path, ["client", "create", "--store", "sqlite:file/carnet.db"]);
    assertStopsWith(
      finished,
      /The database file\/carnet\.db cannot be made \(\w+\): let this user write in the folder file, or/,
    );
    assert.deepEqual(contentsOf(folder.path), before);
  });

  test("stops the start: it is itself a folder", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("carnet.db"));
    const finished = await runAsNobodyIn(folder.path, create);
    assertStopsWith(finished, /The database carnet\.db cannot be opened: check that its folder exists/);
  });

  test("is always a file: names that are special to SQLite are not", async () => {
    await using folder = await temporaryFolder();
    for (const name of [":memory:", "file:other.db?mode=memory"]) {
      const store = ["--store", `sqlite:${name}`];
      assert.equal((await runAsNobodyIn(folder.path, ["client", "create", "--client-id", "kept", ...store])).code, 0);
      const { stdout } = await runAsNobody(["client", "list", ...store], { cwd: folder.path });
      assert.match(stdout, /^kept /m, name);
    }
  });
});

function runAsNobodyIn(folder: string, args: readonly string[]) {
  ownedByNobody(folder);
  return runAsNobody(args, { cwd: folder });
}
