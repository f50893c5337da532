import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { type Credentials, contentsOf, makeStore, type StoreFiles } from "./support/store-files.ts";

const sentence =
  /^carnet: The database \S*carnet\.db is locked by another process, which may be upgrading it: wait, end that process, or set CARNET_STORE/;
const args = ["--store-timeout", "0"];

suite("a database that another process has locked", () => {
  test("stops a start, which changes nothing", async () => {
    await using store = await makeStore();
    const before = contentsOf(store.path);
    {
      using holder = new DatabaseSync(store.database, { timeout: 5000 }); // the service writes at its start
      holder.exec("pragma locking_mode = exclusive; begin exclusive");
      assertStopsWith(await startOnce({ folder: store.path, args }), sentence);
      holder.exec("rollback");
    }
    assert.deepEqual(contentsOf(store.path), before);
    assert.equal((await startOnce({ folder: store.path, args })).code, 0);
  });

  test("does not affect a running service or its shutdown", async () => {
    await using store = await makeStore();
    await using carnet = await serveCarnet({ folder: store.path, args });
    using holder = new DatabaseSync(store.database, { timeout: 5000 }); // the service writes at its start
    holder.exec("begin exclusive");
    const [client] = store.clients;
    assert.ok(client);
    assert.equal((await requestToken(carnet.url, client.id, client.secret)).status, 200);
    assert.equal((await fetch(`${carnet.url}/health/ready`)).status, 200);
    carnet.process.kill("SIGTERM");
    assert.equal((await carnet.process.finished()).code, 0);
    holder.exec("rollback");
  });

  test("stops the first start while the database has no tables yet, and the next start creates it", async () => {
    await using folder = await temporaryFolder();
    {
      using holder = new DatabaseSync(folder.file("carnet.db"));
      holder.exec("pragma application_id = 0x43726e74; begin exclusive");
      assertStopsWith(await startOnce({ folder: folder.path, args }), sentence);
      holder.exec("rollback");
    }
    assert.equal((await startOnce({ folder: folder.path, args })).code, 0);
  });

  test("delays no token: an admin change waits and succeeds, or gets 503 when the lock outlives the store timeout", async () => {
    await using store = await makeStore(40);
    await using carnet = await serveCarnet({ folder: store.path, args: ["--store-timeout", "4000"] });
    const admin = await adminOf(carnet, store);
    using holder = new DatabaseSync(store.database, { timeout: 5000 }); // the service writes at its start
    holder.exec("begin immediate");

    const refused = admin.put("/scopes/late:one");
    const slowest = await slowestTokenUntil(refused, carnet.url, store.clients);
    assert.ok(slowest < 2500, `a token took ${slowest} ms`); // a blocked service answers none for 4000 ms
    const { status, headers } = await refused;
    assert.equal(status, 503);
    assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);

    const waiting = admin.put("/scopes/late:two");
    await requestToken(carnet.url, ...admin.credentials); // arrives after the change, which waits by now
    holder.exec("rollback");
    assert.equal((await waiting).status, 200);
  });

  test("delays the storing of last uses, even when the service is stopped", async () => {
    await using store = await makeStore();
    await using carnet = await serveCarnet({ folder: store.path });
    const [client] = store.clients;
    assert.ok(client);
    using holder = new DatabaseSync(store.database, { timeout: 5000 }); // the service writes at its start
    holder.exec("begin immediate");
    assert.equal((await requestToken(carnet.url, client.id, client.secret)).status, 200);
    carnet.process.kill("SIGTERM");
    await carnet.process.prints("stdout", /"event":"stopping"/);
    assert.deepEqual(holder.prepare("select * from secret_uses").all(), []);
    holder.exec("rollback");
    const { code, stdout } = await carnet.process.finished();
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /last_uses_lost/);
    assert.equal(holder.prepare("select * from secret_uses").all().length, 1);
  });
});

/** Calls the admin API as the first admin client. */
async function adminOf({ url }: ServingCarnet, store: StoreFiles) {
  const { client_id, client_secret } = JSON.parse(readFileSync(store.file("admin.json"), "utf8"));
  const { access_token } = await (await requestToken(url, client_id, client_secret)).json();
  const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
  return {
    credentials: [client_id, client_secret] as const,
    put: (path: string) =>
      fetch(`${url}/admin/v1${path}`, { method: "PUT", headers, body: JSON.stringify({ description: "Late" }) }),
  };
}

/** Requests tokens one after the other until `end`. Returns the longest time that one took, in milliseconds. */
async function slowestTokenUntil(end: Promise<unknown>, url: string, clients: readonly Credentials[]): Promise<number> {
  let ended = false;
  void end.then(() => {
    ended = true;
  });
  let slowest = 0;
  for (let number = 0; !ended || number < clients.length; number++) {
    const client = clients[number % clients.length]; // the first round reads each client from the store
    assert.ok(client);
    const before = performance.now();
    assert.equal((await requestToken(url, client.id, client.secret)).status, 200);
    slowest = Math.max(slowest, performance.now() - before);
  }
  return slowest;
}
