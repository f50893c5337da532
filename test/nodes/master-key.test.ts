// The master key is replaced under load, on both databases: two nodes restart one after the other, with the old key, then
// with the new one, and no request fails.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { requestToken, type ServingCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { callersOf, issuer, type Node, newMasterKey, register, startNode } from "./support/nodes.ts";

const databases = {
  SQLite: async (folder: { file(name: string): string }) => `sqlite:${folder.file("shared.db")}`,
  PostgreSQL: async () => (await sharedPostgres()).createDatabase(),
};

/** A client is created with this key, and later the answer is asked for again. */
async function createWith(idempotencyKey: string, { url }: ServingCarnet, admin: { id: string; secret: string }) {
  const { access_token } = await (await requestToken(url, admin.id, admin.secret)).json();
  const answer = await fetch(`${url}/admin/v1/clients`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${access_token}`,
      "Content-Type": "application/json",
      "Idempotency-Key": idempotencyKey,
    },
    body: JSON.stringify({ client_name: "once", scope: "file:read" }),
  });
  return { status: answer.status, replayed: answer.headers.get("Idempotency-Replayed"), body: await answer.json() };
}

for (const [name, createDatabase] of Object.entries(databases))
  suite(`the master key of two nodes under load on ${name}`, () => {
    test("is replaced without a failed request, and idempotent requests are still carried out once", async (t) => {
      await using folder = await temporaryFolder();
      const store = await createDatabase(folder);
      const keys = { old: newMasterKey(), new: newMasterKey() };
      await using stack = new AsyncDisposableStack();
      const start = async (masterKey: string): Promise<Node> => stack.use(await startNode({ store, masterKey }));
      const nodes = [await start(keys.old), await start(keys.old)];
      const [first, second] = nodes;
      assert.ok(first && second);
      const { client_id: id, client_secret: secret } = JSON.parse(await first.read("admin.json"));
      const admin = { id, secret };
      const registry = await openTestRegistry(store.replace(/^sqlite:/, ""), { now: () => Date.now() }, keys.old);
      const client = await register(registry);
      await registry.close();
      await using load = callersOf(() => nodes, [client], { callers: 4 });
      const settle = async (): Promise<void> => {
        const before = load.seen.issued;
        while (load.seen.issued < before + 200) await pause(20);
      };
      const restart = async (masterKey: string): Promise<void> => {
        for (const [place, node] of [...nodes].entries()) {
          node.process.kill("SIGTERM");
          await node.process.exited();
          nodes[place] = await start(masterKey);
          await settle();
        }
      };
      const masterKey = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
        const common = { CARNET_STORE: store, CARNET_JOURNAL: "stdout", CARNET_STORE_TIMEOUT: "20s" };
        const ended = await runCarnet(["master-key", ...args], { cwd: folder.path, env: { ...common, ...env } });
        assert.equal(ended.code, 0, ended.stderr);
        await settle();
      };

      const created = await createWith("before", first, admin);
      assert.equal(created.status, 201);
      await masterKey(["rotate"], { CARNET_MASTER_KEY: keys.old, CARNET_NEW_MASTER_KEY: keys.new });
      for (const node of nodes)
        assert.deepEqual(await createWith("before", node, admin), { ...created, replayed: "true" });
      const between = await createWith("between", second, admin);
      assert.deepEqual(await createWith("between", first, admin), { ...between, replayed: "true" });
      await restart(keys.old);
      await restart(keys.new);
      await masterKey(["rotate", "--finish", "--yes"], { CARNET_MASTER_KEY: keys.new });
      for (const node of nodes) {
        assert.deepEqual(await createWith("before", node, admin), { ...created, replayed: "true" });
        assert.deepEqual(await createWith("between", node, admin), { ...between, replayed: "true" });
      }
      await restart(keys.new);
      const flags = ["--port", `${await freePort()}`, "--issuer", issuer, "--data-dir", folder.file("refused")];
      const refused = await runCarnet(["serve", ...flags], {
        env: { CARNET_STORE: store, CARNET_MASTER_KEY: keys.old },
      });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^carnet: The master key does not open this store/);
      t.diagnostic(`${load.seen.issued} tokens, ${load.seen.reconnects} reconnects`);
      assert.deepEqual(load.seen.failed, {});
    });
  });
