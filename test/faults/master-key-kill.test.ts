// `kill -9` at the steps of `carnet master-key rotate` and `--finish`. MASTER_KEY_KILLS makes it longer (`npm run soak`).
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { registerClient } from "@carnet/core/client/register-client";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { createMasterKey, dataKeyOf } from "@carnet/server/crypto/sealer";
import { readMasterKeyStatus } from "@carnet/server/rotate-master-key";
import { DataKeys, readDataKeys } from "@carnet/server/store/sql/data-keys";
import { sealedColumns } from "@carnet/server/store/sql/replace-data-key";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { CarnetProcess, carnetBin } from "@carnet/testkit/carnet-process";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { openByUrl, storePorts } from "@carnet/testkit/test-database";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";
import { sql } from "kysely";

const soak = process.env["MASTER_KEY_KILLS"];
const killsOf = { SQLite: Number(soak ?? 16), PostgreSQL: Number(soak ?? 4) } as const;
const hook = fileURLToPath(new URL("./support/kill-at-step.ts", import.meta.url));
const newKey = (): string => randomBytes(32).toString("base64");

/** A store with a client, the commands on it, and what must stay the same. */
async function makeStore(kind: "SQLite" | "PostgreSQL") {
  const folder = await temporaryFolder();
  const url =
    kind === "SQLite" ? `sqlite:${folder.file("carnet.db")}` : await (await sharedPostgres()).createDatabase();
  const keys = { old: newKey(), new: newKey() };
  const registry = await openTestRegistry(
    url.replace(/^sqlite:/, ""),
    new FixedClock("2026-11-21T12:00:00Z"),
    keys.old,
  );
  const registered = await registerClient({ client_id: "app", scope: "x" }, registry);
  await registry.close();
  assert.ok(registered.ok);
  const settings = (key: string) => ({ CARNET_STORE: url, CARNET_MASTER_KEY: key, CARNET_JOURNAL: "stdout" });
  return {
    keys,
    url,
    /** Runs a command, and kills it at a step. `at` 0: lets it finish. Returns the number of its steps, if it finished. */
    async run(
      command: "rotate" | "finish",
      { at, after }: { at: number; after: boolean },
    ): Promise<number | undefined> {
      const args = ["master-key", "rotate", ...(command === "finish" ? ["--finish", "--yes"] : [])];
      const env = {
        ...settings(command === "finish" ? keys.new : keys.old),
        ...(command === "finish" ? {} : { CARNET_NEW_MASTER_KEY: keys.new }),
        ...(after ? { KILL_AFTER: "yes" } : {}),
        KILL_AT: `${at}`,
      };
      const node = [process.execPath, "--import", hook, carnetBin] as const;
      await using child = new CarnetProcess(args, { cwd: folder.path, env, command: node });
      const { code, signal, stderr } = await child.finished();
      assert.ok(code === 0 || signal === "SIGKILL", stderr);
      return code === 0 ? Number(/^steps: (\d+)$/m.exec(stderr)?.[1]) : undefined;
    },
    status: () =>
      readMasterKeyStatus(loadConfiguration({ mode: "dev", flags: { store: url }, environment: {}, file: undefined })),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What must be the same under each master key that opens the store. */
async function opened(url: string, key: string) {
  const { db, dialect } = await openByUrl(url);
  try {
    const environment = { CARNET_MASTER_KEY: key };
    const { masterKey } = loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
    const dataKeys = new DataKeys(db, createMasterKey(masterKey ?? assert.fail("there is no key")));
    const ports = storePorts(dialect, new FixedClock("2026-11-21T12:00:00Z"));
    const { pepper } = await openSealedKeys(db, dataKeys, ports);
    const signingKeys = await storedSigningKeys(db, dataKeys, ports);
    const current = (await readDataKeys(db)).find(({ retires_at }) => retires_at === null)?.data_key_id;
    for (const { table, column } of sealedColumns) {
      const read = sql<{ value: Uint8Array }>`select ${sql.ref(column)} as value from ${sql.table(table)}`;
      for (const { value } of (await read.execute(db)).rows) assert.equal(dataKeyOf(value), current, "a half state");
    }
    return {
      pepper: Buffer.from(pepper.reveal()).toString("hex"),
      signingKeys: signingKeys.map(({ privateKey }) => privateKey.export({ format: "jwk" })),
      clients: await db.selectFrom("clients").select("client_id").execute(),
      secrets: await db.selectFrom("client_secrets").select("secret_id").execute(),
      events: (await db.selectFrom("audit_events").select("event").execute()).filter(
        ({ event }) => !event.startsWith("master_key"),
      ),
    };
  } finally {
    await db.destroy();
  }
}

for (const kind of ["SQLite", "PostgreSQL"] as const)
  suite(`kill -9 while the master key is replaced on ${kind}`, () => {
    test("leaves a store that opens with the keys of its status, with nothing lost and nothing half done", async (t) => {
      const kills = killsOf[kind];
      const seen = { before: 0, after: 0 };
      const killedAt: number[] = [];
      const steps = await countSteps(kind);
      while (killedAt.length < kills) {
        await using store = await makeStore(kind);
        const { keys, run, status, url } = store;
        const whole = await opened(url, keys.old);
        for (const command of ["rotate", "finish"] as const) {
          // The steps that open the store come first, and change nothing
          const at = Math.ceil(steps[command] * (0.4 + 0.6 * Math.random()));
          const openBefore = (await status()).masterKeys.length;
          assert.equal(await run(command, { at, after: Math.random() < 0.5 }), undefined);
          killedAt.push(at);
          const isDone = (await status()).masterKeys.length !== openBefore;
          seen[isDone ? "after" : "before"] += 1;
          const areBoth = isDone === (command === "rotate");
          const opening = areBoth ? [keys.old, keys.new] : [command === "rotate" ? keys.old : keys.new];
          for (const key of opening) assert.deepEqual(await opened(url, key), whole);
          if (!isDone) await run(command, { at: 0, after: false });
        }
        assert.deepEqual(await opened(url, keys.new), whole);
        await assert.rejects(opened(url, keys.old), /The master key does not open this store/);
      }
      t.diagnostic(JSON.stringify({ steps, killedAt, seen }));
      assert.ok(seen.before > 0, "nothing was killed before its commit");
      assert.ok(kills < 30 || seen.after > 0, "nothing was killed after its commit");
    });
  });

async function countSteps(kind: "SQLite" | "PostgreSQL"): Promise<{ rotate: number; finish: number }> {
  await using store = await makeStore(kind);
  const count = async (command: "rotate" | "finish"): Promise<number> =>
    (await store.run(command, { at: 0, after: false })) ?? assert.fail("it was killed");
  return { rotate: await count("rotate"), finish: await count("finish") };
}
