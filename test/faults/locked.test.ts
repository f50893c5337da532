import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, makeStore } from "./support/store-files.ts";

const sentence =
  /^carnet: The database \S*carnet\.db is locked by another process: end that process, or set CARNET_STORE/;
const args = ["--store-timeout", "0"];

suite("a database that another process has locked", () => {
  test("stops a start, and nothing of it is changed", async () => {
    await using store = await makeStore();
    const before = contentsOf(store.path);
    {
      using holder = new DatabaseSync(store.database);
      holder.exec("pragma locking_mode = exclusive; begin exclusive");
      assertStopsWith(await startOnce({ folder: store.path, args }), sentence);
      holder.exec("rollback");
    }
    assert.deepEqual(contentsOf(store.path), before);
    assert.equal((await startOnce({ folder: store.path, args })).code, 0);
  });

  test("is no matter to a service that runs, nor to its end", async () => {
    await using store = await makeStore();
    await using carnet = await serveCarnet({ folder: store.path, args });
    using holder = new DatabaseSync(store.database);
    holder.exec("begin exclusive");
    const [client] = store.clients;
    assert.ok(client);
    assert.equal((await requestToken(carnet.url, client.id, client.secret)).status, 200);
    assert.equal((await fetch(`${carnet.url}/health/ready`)).status, 200);
    carnet.process.kill("SIGTERM");
    assert.equal((await carnet.process.finished()).code, 0);
    holder.exec("rollback");
  });

  test("while it is still empty stops the first start, and the next one makes it", async () => {
    await using folder = await temporaryFolder();
    {
      using holder = new DatabaseSync(folder.file("carnet.db"));
      holder.exec("begin exclusive");
      assertStopsWith(await startOnce({ folder: folder.path, args }), sentence);
      holder.exec("rollback");
    }
    assert.equal((await startOnce({ folder: folder.path, args })).code, 0);
  });
});
