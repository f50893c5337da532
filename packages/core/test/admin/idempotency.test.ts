import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { keepAnswer, type RepeatableRequest, recallAnswer } from "@carnet/core/admin/idempotency";
import { addSecret } from "@carnet/core/admin/secrets";
import { registerClient } from "@carnet/core/client/register-client";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const request: RepeatableRequest = { idempotencyKey: "key-1", clientId: "admin", content: "create app" };

function setUp() {
  const endpoint = new TestEndpoint();
  const ports = adminPortsOf(endpoint);
  const create = (of: RepeatableRequest = request, client_id?: string) =>
    registerClient({ client_id }, ports, ({ client, generatedSecret }) =>
      keepAnswer(Buffer.from(`${client.clientId} ${generatedSecret?.reveal()}`), of, ports),
    );
  const recall = async (of: RepeatableRequest = request) => {
    const recalled = await recallAnswer(of, ports);
    return recalled.ok ? recalled.value && Buffer.from(recalled.value).toString() : recalled.error.kind;
  };
  return { endpoint, ports, create, recall };
}

suite("A request with an idempotency key", () => {
  test("that comes again gets the first answer, its secret included", async () => {
    const { create, recall } = setUp();
    assert.equal(await recall(), undefined);
    const created = await create();
    assert.ok(created.ok);
    const { client, generatedSecret } = created.value;
    for (let again = 0; again < 2; again++)
      assert.equal(await recall(), `${client.clientId} ${generatedSecret?.reveal()}`);
  });

  test("that asks for something else is refused", async () => {
    const { create, recall } = setUp();
    assert.ok((await create()).ok);
    assert.equal(await recall({ ...request, content: "create another" }), "idempotency_key_reused");
  });

  test("of somebody else, or with another key, gets nothing", async () => {
    const { create, recall } = setUp();
    assert.ok((await create()).ok);
    for (const other of [{ clientId: "other" }, { idempotencyKey: "key-2" }, { idempotencyKey: "KEY-1" }])
      assert.equal(await recall({ ...request, ...other }), undefined);
    assert.ok((await create({ ...request, clientId: "other" })).ok, "the key of one is not taken for another");
  });

  test("that comes many times at once makes one client", async () => {
    const { endpoint, create, recall } = setUp();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => create()));
    const made = outcomes.filter((outcome) => outcome.ok);
    assert.equal(made.length, 1);
    for (const outcome of outcomes) assert.ok(outcome.ok || outcome.error.kind === "repeated");
    const clients = await allClients(endpoint.store);
    assert.equal(clients.length, 1);
    assert.match((await recall()) ?? "", new RegExp(`^${clients[0]?.clientId} carnet_`));
  });

  test("that was refused keeps no answer: it may be mended and come again", async () => {
    const { create, recall } = setUp();
    assert.ok((await create({ ...request, idempotencyKey: "other" }, "app")).ok);
    const refused = await create(request, "app");
    assert.ok(!refused.ok && refused.error.kind === "taken");
    assert.equal(await recall(), undefined);
    assert.ok((await create(request, "app-2")).ok);
  });

  test("that changes a client carries the change out once", async () => {
    const { endpoint, ports } = setUp();
    await endpoint.register({ client_id: "app" });
    const keep = ({ shown }: { shown: { reveal(): string } | undefined }) =>
      keepAnswer(Buffer.from(shown?.reveal() ?? ""), request, ports);
    const add = () => addSecret({ clientId: "app", ifMatch: undefined, keep }, {}, ports);
    const outcomes = [await add(), await add()];
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? "added" : outcome.error.kind)),
      ["added", "repeated"],
    );
    assert.equal((await allClients(endpoint.store))[0]?.secrets.length, 2);
  });
});

suite("A kept answer", () => {
  test("shows neither the key, nor who sent it, nor what was asked or answered", () => {
    const { ports } = setUp();
    const planted = { idempotencyKey: "planted-key", clientId: "planted-client", content: "planted-content" };
    const kept = keepAnswer(Buffer.from("planted-answer"), planted, ports);
    for (const bytes of [kept.keyDigest, kept.requestDigest, kept.sealed])
      assert.ok(!Buffer.from(bytes).includes("planted"));
    assert.notDeepEqual(keepAnswer(Buffer.from("x"), { ...planted, clientId: "b" }, ports).keyDigest, kept.keyDigest);
  });

  test("opens for nobody who only has the row: not under another key or another client", () => {
    const { ports } = setUp();
    const { sealed } = keepAnswer(Buffer.from("answer"), request, ports);
    const open = (context: string) => ports.answerSealer.open(sealed, context);
    assert.equal(open("answer/admin/key-1")?.toString(), "answer");
    assert.equal(open("answer/other/key-1"), undefined);
    assert.equal(open("answer/admin/key-2"), undefined);
  });

  test("that no longer opens is as good as none, and the request is not carried out a second time", async () => {
    const { ports, create } = setUp();
    assert.ok((await create()).ok);
    const answerSealer = { ...ports.answerSealer, open: () => undefined };
    assert.deepEqual(await recallAnswer(request, { ...ports, answerSealer }), { ok: true, value: undefined });
    const again = await create();
    assert.ok(!again.ok && again.error.kind === "repeated");
  });
});
