// What callers, admins and operators see while PostgreSQL is away.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { type ChaosProxy, startChaosProxy } from "@carnet/testkit/chaos-proxy";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { type PostgresServer, startPostgres } from "@carnet/testkit/postgres-server";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type Credentials, type Node, type NodeOptions, newMasterKey, register, startNode } from "./support/nodes.ts";

/** A node that reaches its database through a network that the test controls. */
async function openWorld(options: Partial<NodeOptions> = {}, settings: Readonly<Record<string, string>> = {}) {
  const stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres({ settings }));
  const network = stack.use(await startChaosProxy(postgres.port));
  const direct = await postgres.createDatabase();
  const masterKey = newMasterKey();
  const store = direct.replace(`:${postgres.port}`, `:${network.port}`);
  const env = { CARNET_STORE_TIMEOUT: "2s", ...options.env };
  const registry = await openTestRegistry(direct, { now: () => Date.now() }, masterKey);
  stack.defer(() => registry.close());
  const known = await register(registry); // before the node starts, whose change feed would make it forget this client
  const node = stack.use(await startNode({ store, masterKey, ...options, env }));
  const admin = await adminOf(node);
  assert.equal((await request(node, known)).status, 200);
  return { postgres, network, direct, masterKey, node, registry, known, admin, stack };
}

type World = Awaited<ReturnType<typeof openWorld>>;

const request = (node: Node, { clientId, clientSecret }: Credentials) => requestToken(node.url, clientId, clientSecret);

async function adminOf(node: Node): Promise<Readonly<Record<string, string>>> {
  const file = JSON.parse(await node.read("admin.json"));
  const body = { client_id: file.client_id, client_secret: file.client_secret, grant_type: "client_credentials" };
  const answer = await fetch(`${node.url}/oauth2/token`, { method: "POST", body: new URLSearchParams(body) });
  assert.equal(answer.status, 200);
  return { Authorization: `Bearer ${(await answer.json()).access_token}`, "Content-Type": "application/json" };
}

const readiness = async (node: Node) => {
  const answer = await fetch(`${node.url}/health/ready`);
  return { code: answer.status, ...(await answer.json()) };
};

async function becomes(node: Node, status: string) {
  for (const end = performance.now() + 20_000; ; await pause(50)) {
    const seen = await readiness(node);
    if (seen.status === status) return seen;
    assert.ok(performance.now() < end, `it is ${JSON.stringify(seen)}, not ${status}`);
  }
}

/** The registry of a test connects again on its own, too, a moment after the database is back. */
async function onceBack<Value>(act: () => Promise<Value>): Promise<Value> {
  for (const end = performance.now() + 10_000; ; await pause(50)) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > end) throw error;
    }
  }
}

interface Outage {
  readonly begin: (world: Pick<World, "postgres" | "network">) => unknown;
  readonly end: (world: Pick<World, "postgres" | "network">) => unknown;
}

const through =
  (act: (network: ChaosProxy) => void) =>
  ({ network }: { readonly network: ChaosProxy }) =>
    act(network);
const of =
  (act: (postgres: PostgresServer) => unknown) =>
  ({ postgres }: { readonly postgres: PostgresServer }) =>
    act(postgres);

const outages: Readonly<Record<string, Outage>> = {
  "is stopped": { begin: of((server) => server.stop()), end: of((server) => server.start()) },
  "loses its power": { begin: of((server) => server.kill()), end: of((server) => server.start()) },
  "is frozen": { begin: of((server) => server.freeze()), end: of((server) => server.thaw()) },
  "is cut off by a network that drops": {
    begin: through((network) => {
      network.mode = "drop";
    }),
    end: through((network) => {
      network.mode = "pass";
      network.reset();
    }),
  },
  "is cut off by a network that rejects": {
    begin: through((network) => {
      network.mode = "reject";
      network.reset();
    }),
    end: through((network) => {
      network.mode = "pass";
    }),
  },
};

suite("while PostgreSQL is away", () => {
  test("known clients get tokens, others 503, admin changes 503, and all is well afterwards", async (t) => {
    const world = await openWorld();
    await using _end = world.stack;
    for (const [number, [how, { begin, end }]] of Object.entries(outages).entries())
      await t.test(`because it ${how}`, async () => {
        const { node, known, admin } = world;
        const unknown = await onceBack(() => register(world.registry));
        const clientId = `half-done-${number}`;
        await begin(world);
        const degraded = await becomes(node, "degraded");
        assert.deepEqual([degraded.code, degraded.store], [200, false]);
        assert.ok(degraded.detail && degraded.store_away_since && degraded.grace_ends, "it says why and until when");
        for (const hidden of [world.masterKey, "postgres@", "127.0.0.1"])
          assert.ok(!JSON.stringify(degraded).includes(hidden), "strangers can send probes");

        assert.equal((await request(node, known)).status, 200);
        for (const caller of [unknown, { ...known, clientSecret: "wrong-secret-that-nobody-has" }]) {
          const start = performance.now();
          const answer = await request(node, caller);
          assert.equal(answer.status, 503);
          assert.ok(answer.headers.get("retry-after"));
          assert.equal((await answer.json()).error, "temporarily_unavailable");
          assert.ok(performance.now() - start < 8000, "it is refused in a bounded time");
        }
        const body = JSON.stringify({ client_id: clientId, scope: "file:read" });
        const change = await fetch(`${node.url}/admin/v1/clients`, { method: "POST", headers: admin, body });
        assert.equal(change.status, 503);
        assert.ok(change.headers.get("retry-after"));

        await end(world);
        await becomes(node, "ready");
        assert.equal((await request(node, unknown)).status, 200);
        assert.equal((await request(node, known)).status, 200);
        assert.equal((await request(node, { ...known, clientSecret: "wrong-secret-that-nobody-has" })).status, 401);
        const found = await fetch(`${node.url}/admin/v1/clients/${clientId}`, { headers: admin });
        assert.equal(found.status, 404, "nothing of the change that was refused is there");
        const again = await fetch(`${node.url}/admin/v1/clients`, { method: "POST", headers: admin, body });
        assert.equal(again.status, 201);
      });
  });

  test("after the grace, known clients get 503 as well, until it is back", async () => {
    const world = await openWorld({ env: { CARNET_STORE_GRACE: "1s" } });
    await using _end = world.stack;
    const { node, known, postgres } = world;
    await postgres.stop();
    assert.equal((await becomes(node, "unavailable")).code, 503);
    for (const end = performance.now() + 5000; (await request(node, known)).status !== 503; await pause(50))
      assert.ok(performance.now() < end, "it still gets tokens");
    await postgres.start();
    await becomes(node, "ready");
    assert.equal((await request(node, known)).status, 200);
  });

  test("because others have all its connections: the same, and it says so", async () => {
    const world = await openWorld({}, { max_connections: "20" });
    await using _end = world.stack;
    const { node, known, postgres, direct, network } = world;
    const unknown = await register(world.registry);
    const others: AsyncDisposable[] = [];
    const takeAll = async (): Promise<void> => {
      for (;;) {
        const session = await postgres.openSession(direct).catch(() => undefined);
        if (session === undefined) return;
        others.push(session);
      }
    };
    for (const end = performance.now() + 20_000; ; ) {
      await takeAll();
      network.reset(); // the node loses its connections
      await takeAll();
      const seen = await readiness(node);
      if (seen.status === "degraded" && seen.detail.includes("no free connection")) break;
      assert.ok(performance.now() < end, JSON.stringify(seen));
    }
    assert.equal((await request(node, known)).status, 200);
    const refused = await request(node, unknown);
    assert.deepEqual([refused.status, refused.headers.has("retry-after")], [503, true]);
    await Promise.all(others.map((session) => session[Symbol.asyncDispose]()));
    await becomes(node, "ready");
    for (const end = performance.now() + 10_000; (await request(node, unknown)).status !== 200; await pause(50))
      assert.ok(performance.now() < end, "it is not issued a token");
  });

  test("a node that starts waits, says why it is not ready, and starts once the database is there", async () => {
    const world = await openWorld();
    await using _end = world.stack;
    const { postgres, masterKey, known } = world;
    await postgres.stop();
    const starting = startNode({ store: world.direct, masterKey, waits: true });
    await using node = await starting;
    const seen = await becomes(node, "starting");
    assert.equal(seen.code, 503);
    assert.match(seen.detail, /The database CARNET_STORE is not available/);
    const refused = await request(node, known);
    assert.equal(refused.status, 503);
    assert.ok(refused.headers.get("retry-after"));
    assert.equal((await fetch(`${node.url}/health/live`)).status, 200);
    await postgres.start();
    await becomes(node, "ready");
    assert.equal((await request(node, known)).status, 200);
  });

  test("a node that waits for it ends on SIGTERM with code 0", async () => {
    const world = await openWorld();
    await using _end = world.stack;
    await world.postgres.stop();
    await using node = await startNode({ store: world.direct, masterKey: world.masterKey, waits: true });
    await becomes(node, "starting");
    node.process.kill("SIGTERM");
    assert.equal(await node.process.exited(), 0);
  });
});

test("after a failover to a replica that lost changes, a node reads everything anew and sees what is changed there", async () => {
  const world = await openWorld();
  await using _end = world.stack;
  const { node, postgres, network, direct, masterKey, known, stack } = world;
  const replica = stack.use(await postgres.startReplica());
  const replicaStore = direct.replace(`:${postgres.port}`, `:${replica.port}`);
  await replica.stop(); // it lags from here on, so the change below is lost
  const lost = await register(world.registry);
  assert.equal((await request(node, lost)).status, 200);
  await postgres.kill();
  await replica.start();
  await replica.promote();
  network.target = replica.port;
  network.reset();
  await becomes(node, "ready");
  for (const end = performance.now() + 5000; (await request(node, lost)).status !== 401; await pause(50))
    assert.ok(performance.now() < end, "a client that the new primary does not have still gets tokens");
  // The new primary gives the numbers of the lost changes again
  const promoted = await openTestRegistry(replicaStore, { now: () => Date.now() }, masterKey);
  stack.defer(() => promoted.close());
  assert.equal((await request(node, known)).status, 200);
  const { changeSettings } = await import("@carnet/core/admin/change-client");
  assert.ok(
    (await changeSettings({ clientId: known.clientId, ifMatch: undefined }, { status: "disabled" }, promoted)).ok,
  );
  for (const end = performance.now() + 2000; (await request(node, known)).status !== 401; await pause(20))
    assert.ok(performance.now() < end, "a change on the new primary is not seen");
});
