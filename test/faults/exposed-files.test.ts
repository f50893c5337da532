import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { exposureOf, forbidden } from "@carnet/server/configuration/trusted-file";
import { serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertServed } from "./support/assert-whole.ts";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, copyStore, makeStore, type StoreFiles } from "./support/store-files.ts";

let made: StoreFiles;
before(async () => {
  made = await makeStore();
  await assertServed(made.path);
  writeFileSync(made.file("carnet.yaml"), "logLevel: info\n", { mode: 0o600 });
});
after(() => made[Symbol.asyncDispose]());

/** A store, its key, its admin file and a configuration file, as after a first start. */
const servedStore = (): Promise<StoreFiles> => copyStore(made);

const start = (store: StoreFiles) => startOnce({ folder: store.path, args: ["--config", "carnet.yaml"] });

suite("a file of the service that other users can write", () => {
  test("stops the start until its mode is right", async () => {
    await using store = await servedStore();
    for (const [name, mode, fix] of [
      ["carnet.db", 0o620, "go-w"],
      ["carnet.db", 0o602, "go-w"],
      ["carnet.yaml", 0o664, "go-w"],
      ["master.key", 0o620, "go-rwx"],
      ["admin.json", 0o602, "go-rwx"],
    ] as const) {
      chmodSync(store.file(name), mode);
      const before = contentsOf(store.path);
      assertStopsWith(
        await start(store),
        new RegExp(
          `^carnet: The file ${name} can be written by other users \\(mode 0${mode.toString(8)}\\): make sure that nobody has changed it, then run \`chmod ${fix} ${name}\`\\.$`,
          "m",
        ),
      );
      assert.deepEqual(contentsOf(store.path), before);
      chmodSync(store.file(name), 0o600);
    }
    assert.equal((await start(store)).code, 0);
  });

  test("stops the start: a file that belongs to another user", async () => {
    await using store = await servedStore();
    const { uid, gid } = statSync(store.path);
    for (const name of ["carnet.db", "admin.json", "."]) {
      // Only root can give a file away; without root, a file of the system serves
      if (uid === 0) chownSync(store.file(name), 1000, gid);
      else assert.equal(exposureOf("/etc/hosts", forbidden.write), undefined, "a file of root is trusted");
      if (uid === 0)
        assertStopsWith(await start(store), /belongs to the user with the id 1000, and your id is 0: run `chown 0 /);
      if (uid === 0) chownSync(store.file(name), uid, gid);
    }
    assert.equal((await start(store)).code, 0);
  });

  test("stops the start: a named pipe as the admin file, which would block it", async () => {
    await using store = await servedStore();
    renameSync(store.file("admin.json"), store.file("admin.json.old"));
    execFileSync("sh", ["-c", `mkfifo -m 600 ${store.file("admin.json")}`]);
    assertStopsWith(await start(store), /admin\.json is a named pipe, which cannot be checked: name a regular file/);
  });

  test("stops the start: the write-ahead log after a kill", async () => {
    await using store = await servedStore();
    {
      await using carnet = await serveCarnet({ folder: store.path });
      carnet.process.kill("SIGKILL");
      await carnet.process.finished();
    }
    for (const name of ["carnet.db-wal", "carnet.db-shm"]) {
      assert.ok(existsSync(store.file(name)));
      chmodSync(store.file(name), 0o666);
      assertStopsWith(await start(store), new RegExp(`The file ${name} can be written by other users \\(mode 0666\\)`));
      chmodSync(store.file(name), 0o600);
    }
    assert.equal((await start(store)).code, 0);
  });

  test("includes any file in a folder that others can write, unless the folder has the sticky bit", async () => {
    await using store = await servedStore();
    for (const mode of [0o770, 0o707]) {
      chmodSync(store.path, mode);
      assertStopsWith(
        await start(store),
        new RegExp(
          `The folder \\. can be written by other users \\(mode 0${mode.toString(8)}\\): .*\`chmod go-w \\.\``,
        ),
      );
    }
    chmodSync(store.path, 0o1777);
    assert.equal((await start(store)).code, 0);
  });

  test("stops the start: the folders of a store and of an admin file outside the data folder", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("out side"));
    chmodSync(folder.file("out side"), 0o777);
    const named = [
      ["--store", "sqlite:out side/x.db"],
      ["--admin-file", "out side/admin.json"],
    ];
    for (const args of named) {
      assertStopsWith(
        await startOnce({ folder: folder.path, args }),
        /The folder out side can be written by other users \(mode 0777\): .*`chmod go-w 'out side'`/,
      );
    }
    assert.deepEqual(contentsOf(folder.path), {});
  });
});

suite("a secret of the service that other users can read", () => {
  for (const name of ["master.key", "admin.json"]) {
    test(`stops the start: ${name}`, async () => {
      await using store = await servedStore();
      for (const mode of [0o640, 0o604]) {
        chmodSync(store.file(name), mode);
        assertStopsWith(
          await start(store),
          new RegExp(
            `^carnet: The file ${name} can be read by other users \\(mode 0${mode.toString(8)}\\): run \`chmod go-rwx ${name}\`\\.$`,
            "m",
          ),
        );
      }
    });
  }

  test("does not include the database, whose secrets are encrypted", async () => {
    await using store = await servedStore();
    chmodSync(store.database, 0o644);
    assert.equal((await start(store)).code, 0);
  });

  test("may be a named master key, such as a mounted Kubernetes secret, which others still must not write", async () => {
    await using store = await servedStore();
    mkdirSync(store.file("mount"));
    renameSync(store.file("master.key"), store.file("mount/data"));
    symlinkSync("data", store.file("mount/key"));
    chmodSync(store.file("mount"), 0o1777);
    const startWith = (mode: number) => {
      chmodSync(store.file("mount/data"), mode);
      return startOnce({ folder: store.path, args: ["--master-key-file", "mount/key"] });
    };
    for (const mode of [0o440, 0o644]) assert.equal((await startWith(mode)).code, 0);
    assertStopsWith(await startWith(0o664), /The file mount\/key can be written by other users \(mode 0664\)/);
  });
});

suite("the data folder", () => {
  test("contains the key, the admin file and the journal for any store path, and only its owner may enter it", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("db"));
    const args = ["--data-dir", "own/data", "--store", "sqlite:db/x.db"];
    assert.equal((await startOnce({ folder: folder.path, args })).code, 0);
    const journal = /\/journal\/\d{8}-[0-9a-f]{12}-1\.jsonl$/;
    assert.deepEqual(
      Object.keys(contentsOf(folder.path)).map((name) => name.replace(journal, "/journal/*")),
      ["db/x.db", "own/data/admin.json", "own/data/journal/*", "own/data/master.key"],
    );
    for (const made of ["own", "own/data"]) assert.equal(modeOf(folder.file(made)), 0o700);
  });
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;
