import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { carnetBin } from "@carnet/testkit/carnet-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, makeStore, type StoreFiles } from "./support/store-files.ts";
import { unprivileged } from "./support/unprivileged.ts";

const otherKey = Buffer.alloc(32, 7).toString("base64");

interface Fault {
  readonly title: string;
  readonly harm?: (store: StoreFiles) => void;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly sentence: RegExp;
}

const wrong =
  /The master key does not open this store: set CARNET_MASTER_KEY, CARNET_MASTER_KEY_FILE or CARNET_MASTER_KEY_COMMAND to the key that the store/;
const noKey = /The master key file \S*master\.key does not hold 32 bytes in base64: put the right file back/;

const faults: readonly Fault[] = [
  { title: "from the environment", env: { CARNET_MASTER_KEY: otherKey }, sentence: wrong },
  {
    title: "in the key file",
    harm: (store) => writeFileSync(store.file("master.key"), otherKey),
    sentence: wrong,
  },
  {
    title: "in a file named by a flag",
    harm: (store) => writeFileSync(store.file("other.key"), `${otherKey}\n`),
    args: ["--master-key-file", "other.key"],
    sentence: wrong,
  },
  {
    title: "that is truncated",
    harm: (store) => writeFileSync(store.file("master.key"), otherKey.slice(0, 20)),
    sentence: noKey,
  },
  {
    title: "that is garbled",
    harm: (store) => writeFileSync(store.file("master.key"), Buffer.alloc(32, 0xff)),
    sentence: noKey,
  },
  { title: "in an empty file", harm: (store) => writeFileSync(store.file("master.key"), ""), sentence: noKey },
  {
    title: "that was removed",
    harm: (store) => rmSync(store.file("master.key")),
    sentence:
      /The master key file \S*master\.key cannot be read \(ENOENT\): put back the one that the store was made with/,
  },
  {
    title: "in a missing file",
    args: ["--master-key-file", "typo.key"],
    sentence:
      /The master key file typo\.key cannot be read \(ENOENT\): put back .* with CARNET_MASTER_KEY_FILE, CARNET_MASTER_KEY or CARNET_MASTER_KEY_COMMAND/,
  },
  {
    title: "that is a folder",
    harm(store) {
      rmSync(store.file("master.key"));
      mkdirSync(store.file("master.key"));
    },
    sentence: /The master key file \S*master\.key cannot be read \(EISDIR\)/,
  },
  {
    title: "in a named pipe, which would block the start,",
    harm(store) {
      rmSync(store.file("master.key"));
      execFileSync("sh", ["-c", `mkfifo -m 600 ${store.file("master.key")}`]);
    },
    sentence: /The file \S*master\.key is a named pipe, which cannot be checked: name a regular file/,
  },
  {
    title: "in the place of the name of its file",
    args: ["--master-key-file", otherKey],
    sentence: /The path of the master key file looks like a key itself: write the key into a file, and give its path/,
  },
  {
    title: "that is given twice",
    args: ["--master-key-file", "master.key"],
    env: { CARNET_MASTER_KEY: otherKey },
    sentence: /The master key is given twice, in CARNET_MASTER_KEY and as a file .*: keep one of them/,
  },
];

suite("a wrong or missing master key", () => {
  for (const { title, harm, args = [], env = {}, sentence } of faults) {
    test(`${title} stops the start, is not repeated, and nothing is changed`, async () => {
      await using store = await makeStore();
      const sound = contentsOf(store.path);
      harm?.(store);
      const before = contentsOf(store.path);
      const finished = await startOnce({ folder: store.path, args, env });
      assertStopsWith(finished, sentence);
      assert.ok(!finished.stderr.includes(otherKey.slice(0, 20)));
      assert.deepEqual(contentsOf(store.path), before);
      assert.equal(before["carnet.db"], sound["carnet.db"]);
    });
  }

  test("can be replaced by the right one, and the store opens as before", async () => {
    await using store = await makeStore();
    renameSync(store.file("master.key"), store.file("away.key"));
    assert.equal((await startOnce({ folder: store.path })).code, 1);
    renameSync(store.file("away.key"), store.file("master.key"));
    assert.equal((await startOnce({ folder: store.path })).code, 0);
  });
});

suite("a master key file", () => {
  test("beside a store outside the data folder is not used, and the message has the flags that name it", async () => {
    await using store = await makeStore();
    await using folder = await temporaryFolder();
    const start = (...args: string[]) => startOnce({ folder: folder.path, store: store.database, args });
    const { stderr } = await start();
    assert.match(
      stderr,
      /^carnet: The master key file master\.key cannot be read \(ENOENT\): put back .* base64 will do\. /,
    );
    const [, dataDir = "", keyFile = ""] =
      /to use \S+master\.key, start with `(--data-dir .*)` \(CARNET_DATA_DIR\) or `(--master-key-file .*)`\.\n$/.exec(
        stderr,
      ) ?? [];
    assert.deepEqual(contentsOf(folder.path), {}, "nothing is created");
    for (const flags of [keyFile, dataDir]) assert.equal((await start(...flags.split(" "))).code, 0, flags);
    assert.deepEqual(
      Object.keys(contentsOf(folder.path)).filter((name) => !name.startsWith("journal")),
      ["admin.json"],
      "created by the start without a data folder",
    );
  });

  test("that cannot be created stops the first start, and the next one creates it", async () => {
    await using folder = await temporaryFolder();
    // The state of a start that only created the tables. The open connection keeps the files of the write-ahead log
    const holder = await openSqlite(folder.file("carnet.db"));
    chmodSync(folder.path, 0o555);
    const finished = await startOnce({ folder: folder.path, command: unprivileged });
    chmodSync(folder.path, 0o755);
    await holder.destroy();
    assertStopsWith(
      finished,
      /The master key file master\.key cannot be created \(EACCES\): let this user write there, or give a key in CARNET_MASTER_KEY/,
    );
    assert.deepEqual(Object.keys(contentsOf(folder.path)), ["carnet.db"]);
    assert.equal((await startOnce({ folder: folder.path, command: unprivileged })).code, 0);
  });

  test("that is named but missing is not created for a new store, and the message says how to create it", async () => {
    await using folder = await temporaryFolder();
    const args = ["--master-key-file", "typo.key"];
    assertStopsWith(
      await startOnce({ folder: folder.path, args }),
      /The master key file typo\.key cannot be read \(ENOENT\).*; for a new store, any 32 random bytes in base64 will do/,
    );
    writeFileSync(folder.file("typo.key"), otherKey);
    assert.equal((await startOnce({ folder: folder.path, args })).code, 0);
  });

  test("is created although a killed start left its draft, even when process ids repeat", async () => {
    await using folder = await temporaryFolder();
    // `exec` keeps the process id, because a container gives each start the same one
    const script = `umask 077; echo "half a k" > "master.key.$$.new"; exec "$@"`;
    const command = ["sh", "-c", script, "sh", process.execPath, carnetBin] as const;
    const finished = await startOnce({ folder: folder.path, command });
    assert.deepEqual({ code: finished.code, stderr: finished.stderr }, { code: 0, stderr: "" });
  });
});
