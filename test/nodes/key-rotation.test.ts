// Three nodes on one PostgreSQL under load, while their signing key changes. KEY_REVOCATIONS makes it longer (`npm run soak`).
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { StoredKeyChange } from "@carnet/core/key/signing-key-store";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { type PostgresServer, startPostgres } from "@carnet/testkit/postgres-server";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { OpenKeys } from "../keys/support/open-keys.ts";
import { audience, type DefaultVerifier, startVerifiers } from "./support/default-verifiers.ts";
import { callersOf, type Node, newMasterKey, type Received, register, startNode } from "./support/nodes.ts";

const revocations = Number(process.env["KEY_REVOCATIONS"] ?? 8);

/** How long a change may take on a slow machine, beyond the time that it waits on purpose, in milliseconds. */
const patience = 60_000;

describe("three nodes under load", () => {
  it("rotate their key by themselves and on command, and no request and no token fails", async (t) => {
    await using postgres = await startPostgres();
    await using cluster = await openCluster(postgres);
    const { nodes, keys, clients } = cluster;
    const verifiers: DefaultVerifier[] = [];
    const add = async (): Promise<void> => {
      const node = await cluster.addNode();
      verifiers.push(cluster.stack.use(await startVerifiers(node)));
    };
    await add();
    // The key is as old as if the service had run for two days
    const [{ keyId: first } = assert.fail("there is no key")] = await keys.list();
    await postgres.query(
      "update signing_keys set created_at = created_at - 172800000, active_from = active_from - 172800000",
      cluster.store,
    );
    const signed = new Map<Received["node"], Map<string, number>>();
    let sent = 0;
    const verify = async ({ token, node }: Received): Promise<void> => {
      const { kid = "" } = decodeProtectedHeader(token);
      const byKey = signed.get(node) ?? new Map<string, number>();
      signed.set(node, byKey.set(kid, (byKey.get(kid) ?? 0) + 1));
      sent++;
      await Promise.all(verifiers.map((verifier) => verifier.verify(token)));
    };
    await using load = callersOf(() => nodes, clients, { verify, callers: 6 });
    const everyNodeSignsWith = async (keyId: string): Promise<void> => {
      const end = performance.now() + patience + 40_000; // the publication time
      while (!nodes.every((node) => (signed.get(node)?.get(keyId) ?? 0) >= 50)) {
        assert.ok(performance.now() < end, `a node does not sign with the new key: ${JSON.stringify(load.seen)}`);
        await pause(50);
      }
    };
    await everyNodeSignsWith(first);
    for (let node = 1; node < 3; node++) await add(); // the start finds that the key is too old
    await until(async () => (await keys.list()).length > 1, "no node makes a key");
    const all = await keys.list();
    assert.equal(all.length, 2, "only one of the nodes makes a key");
    const second = all.find(({ keyId }) => keyId !== first) ?? assert.fail();
    await everyNodeSignsWith(second.keyId);

    const third = successorIn(await keys.rotate());
    await everyNodeSignsWith(third);
    t.diagnostic(`${load.seen.issued} tokens, each accepted by six verifiers; ${load.seen.reconnects} reconnects`);
    assert.deepEqual([load.seen.failed, load.seen.reconnects], [{}, 0]);
    assert.ok(sent >= 300);
  });

  it(`revoke their key ${revocations} times, and sign with a new one within two seconds`, async (t) => {
    await using postgres = await startPostgres();
    await using cluster = await openCluster(postgres);
    const { nodes, keys, clients } = cluster;
    for (let node = 0; node < 3; node++) await cluster.addNode();
    let received: (Received & { readonly keyId: string; readonly answeredAt: number })[] = [];
    const verify = async (one: Received): Promise<void> => {
      const { kid = "" } = decodeProtectedHeader(one.token);
      received.push({ ...one, keyId: kid, answeredAt: performance.now() });
    };
    await using load = callersOf(() => nodes, clients, { verify, callers: 6 });
    const delays: number[] = [];
    let [{ keyId: current } = assert.fail("there is no key")] = await keys.list();
    for (let revocation = 0; revocation < revocations; revocation++) {
      const of = (node: Node, keyId: string) => received.filter((one) => one.node === node && one.keyId === keyId);
      await until(async () => nodes.every((node) => of(node, current).length > 0), "a node issues no tokens");
      const next = successorIn(await keys.revoke(current));
      const revokedAt = performance.now();
      await until(async () => nodes.every((node) => of(node, next).length > 0), "a node does not use the new key");
      await pause(revokedAt + 2000 - performance.now());
      for (const node of nodes) {
        delays.push(Math.max(...of(node, current).map(({ askedAt }) => askedAt - revokedAt), 0));
        const published = await (await fetch(`${node.url}/oauth2/jwks`)).json();
        assert.ok(!published.keys.some(({ kid }: { kid: string }) => kid === current), "a revoked key is published");
        const feed = decodeJwt(await (await fetch(`${node.url}/oauth2/revocations`)).text());
        assert.ok(Array.isArray(feed["keys"]) && feed["keys"].includes(current), "the feed does not revoke the key");
      }
      received = received.filter(({ keyId }) => keyId === next);
      current = next;
    }
    delays.sort((left, right) => left - right);
    const [median, longest] = [0.5, 1].map((part) => Math.round(delays[Math.ceil(part * delays.length) - 1] ?? 0));
    t.diagnostic(`${delays.length} changes: the revoked key signed for ${median} ms (median), ${longest} ms (longest)`);
    assert.ok((longest ?? Infinity) < 2000, `a node signed with the revoked key for ${longest} ms`);
    assert.deepEqual(load.seen.failed, {});
  });
});

/** The id of the key that a change has added. */
const successorIn = (change: StoredKeyChange | undefined): string =>
  change?.keys.find(({ before }) => before === null)?.after.keyId ?? assert.fail("there is no new key");

async function until(isDone: () => Promise<boolean>, problem: string): Promise<void> {
  for (const end = performance.now() + patience; !(await isDone()); await pause(20))
    assert.ok(performance.now() < end, problem);
}

interface Cluster extends AsyncDisposable {
  readonly stack: AsyncDisposableStack;
  readonly store: string;
  readonly nodes: Node[];
  readonly keys: OpenKeys;
  readonly clients: Awaited<ReturnType<typeof register>>[];
  addNode(): Promise<Node>;
}

/** Clients and keys in a new database, with the shortest times that the settings allow. Starts no node. */
async function openCluster(postgres: PostgresServer): Promise<Cluster> {
  const stack = new AsyncDisposableStack();
  const [store, masterKey] = [await postgres.createDatabase(), newMasterKey()];
  const env = {
    CARNET_JWKS_MAX_AGE: "15s",
    CARNET_STORE_GRACE: "0s",
    CARNET_KEY_ROTATION: "1d",
    CARNET_AUDIENCE: audience,
  };
  const registry = await openTestRegistry(store, { now: () => Date.now() }, masterKey);
  stack.defer(() => registry.close());
  const keys = stack.use(
    await OpenKeys.open(
      tmpdir(),
      { ...env, CARNET_STORE: store, CARNET_MASTER_KEY: masterKey },
      { now: () => Date.now() },
    ),
  );
  const nodes: Node[] = [];
  return {
    ...{ stack, store, nodes, keys, clients: await Promise.all([1, 2, 3].map(() => register(registry))) },
    async addNode() {
      const node = stack.use(await startNode({ store, masterKey, env }));
      nodes.push(node);
      return node;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
