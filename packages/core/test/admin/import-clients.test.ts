import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type ImportOutcome, importClients } from "@carnet/core/admin/import-clients";
import type { ClientRegistration } from "@carnet/core/client/register-client";
import { Redacted } from "@carnet/protocol/redacted";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secretOf = (id: string) => `the-secret-of-${id}-0123456789`;
const existing = (client_id: string, changes: ClientRegistration = {}): ClientRegistration => ({
  client_id,
  secret: { value: new Redacted(secretOf(client_id)) },
  ...changes,
});

/** The client id of each imported client, or the kind of its problem. */
const wordsOf = (outcomes: readonly ImportOutcome[]) =>
  outcomes.map((outcome) => (outcome.ok ? outcome.value.clientId : outcome.error.kind));

const keptBy = async ({ store }: TestEndpoint) => (await allClients(store)).map(({ clientId }) => clientId);

suite("An import", () => {
  test("registers clients that get tokens with their existing secrets, and refuses a short secret", async () => {
    const endpoint = new TestEndpoint();
    const batch = ["b", "a", "short"].map((id) => existing(id));
    batch[2] = existing("short", { secret: { value: new Redacted("hunter2") } });
    const outcomes = await importClients(batch, { dryRun: false }, adminPortsOf(endpoint));
    assert.deepEqual(wordsOf(outcomes), ["b", "a", "invalid"]);
    assert.deepEqual(await keptBy(endpoint), ["a", "b"]);
    assert.equal((await endpoint.post({ client_id: "a", client_secret: secretOf("a") })).status, 200);
    assert.equal((await endpoint.post({ client_id: "a", client_secret: secretOf("b") })).status, 401);
  });

  for (const dryRun of [true, false]) {
    test(`${dryRun ? "stores nothing in a dry run and reports" : "stores what it can and reports"} the outcome for each client`, async () => {
      const endpoint = new TestEndpoint();
      await endpoint.register({ client_id: "taken" });
      const batch: readonly ClientRegistration[] = [
        existing("a"),
        existing("taken"),
        existing("bad", { status: "x" }),
        existing("a", { client_name: "again" }),
        { secret: { value: new Redacted(secretOf("x")) } },
        { client_id: "no-secret" },
        { client_id: "no-secret-either", secret: { label: "x" } },
        existing("b"),
        existing("bad"),
      ];
      const outcomes = await importClients(batch, { dryRun }, adminPortsOf(endpoint));
      const expected = ["a", "taken", "invalid", "taken", "invalid", "invalid", "invalid", "b", "bad"];
      assert.deepEqual(wordsOf(outcomes), expected);
      assert.deepEqual(await keptBy(endpoint), dryRun ? ["taken"] : ["a", "b", "bad", "taken"]);
      const [, taken, , twice] = outcomes;
      assert.ok(taken && twice && !taken.ok && !twice.ok);
      assert.match(taken.error.detail, /already registered/);
      assert.match(twice.error.detail, /appears twice in the batch/);
      assert.ok(!JSON.stringify(outcomes).includes("the-secret-of"));
    });
  }

  test("reports a client that is registered with the same settings and secret as unchanged, and stores nothing", async () => {
    const endpoint = new TestEndpoint();
    const ports = adminPortsOf(endpoint);
    const batch = [existing("a", { scope: "x", labels: { one: "1", two: "2" } }), existing("b")];
    await importClients(batch, { dryRun: false }, ports);
    const store = { find: ports.store.find.bind(ports.store), insert: () => assert.fail("nothing must be stored") };
    const again = [existing("a", { scope: "x", labels: { two: "2", one: "1" } }), existing("b", { scope: "y" })];
    const [same, other] = await importClients(again, { dryRun: false }, { ...ports, store });
    assert.deepEqual(same, { ok: true, value: { clientId: "a", isUnchanged: true } });
    assert.ok(other?.ok === false && other.error.kind === "taken");
    assert.match(other.error.detail, /already registered, with other settings or another secret/);
  });

  test("reads its owner once, however many clients it has", async () => {
    const ports = adminPortsOf(new TestEndpoint());
    const read: string[] = [];
    const owners = {
      countClients: ports.owners.countClients.bind(ports.owners),
      find(name: string) {
        read.push(name);
        return ports.owners.find(name);
      },
    };
    await importClients(
      ["a", "b", "c"].map((id) => existing(id)),
      { dryRun: false },
      { ...ports, owners },
    );
    assert.deepEqual(read, ["default"]);
  });

  test("writes nothing when every client is refused", async () => {
    const endpoint = new TestEndpoint();
    const ports = adminPortsOf(endpoint);
    const store = { find: ports.store.find.bind(ports.store), insert: () => assert.fail("nothing must be stored") };
    const outcomes = await importClients([{ client_id: ":" }], { dryRun: false }, { ...ports, store });
    assert.deepEqual(wordsOf(outcomes), ["invalid"]);
  });

  test("stores all other clients when another request takes an id meanwhile", async () => {
    const endpoint = new TestEndpoint();
    const ports = adminPortsOf(endpoint);
    let races = 2;
    const store: Pick<typeof ports.store, "find" | "insert"> = {
      find: (clientId) => ports.store.find(clientId),
      async insert(clients, change) {
        if (races-- > 0) await endpoint.register({ client_id: clients[0]?.clientId ?? "" });
        return ports.store.insert(clients, change);
      },
    };
    const batch = ["a", "b", "c", "d"].map((id) => existing(id));
    const outcomes = await importClients(batch, { dryRun: false }, { ...ports, store });
    assert.deepEqual(wordsOf(outcomes), ["taken", "taken", "c", "d"]);
    assert.deepEqual(await keptBy(endpoint), ["a", "b", "c", "d"]);
    assert.equal((await endpoint.post({ client_id: "a", client_secret: secretOf("a") })).status, 401);
  });
});
