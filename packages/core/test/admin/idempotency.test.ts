import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type RepeatableRequest, recordAnswer, replayAnswer } from "@carnet/core/admin/idempotency";
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
      recordAnswer(Buffer.from(`${client.clientId} ${generatedSecret?.reveal()}`), of, ports),
    );
  const replay = async (of: RepeatableRequest = request) => {
    const replayed = await replayAnswer(of, ports);
    return replayed.ok ? replayed.value && Buffer.from(replayed.value).toString() : replayed.error.kind;
  };
  return { endpoint, ports, create, replay };
}

suite("A request with an idempotency key", () => {
  test("gets the first response again when it is repeated, including the secret", async () => {
    const { create, replay } = setUp();
    assert.equal(await replay(), undefined);
    const created = await create();
    assert.ok(created.ok);
    const { client, generatedSecret } = created.value;
    for (let again = 0; again < 2; again++)
      assert.equal(await replay(), `${client.clientId} ${generatedSecret?.reveal()}`);
  });

  test("is refused when the key was used for a different request", async () => {
    const { create, replay } = setUp();
    assert.ok((await create()).ok);
    assert.equal(await replay({ ...request, content: "create another" }), "idempotency_key_reused");
  });

  test("never gets a response recorded for another client or another key", async () => {
    const { create, replay } = setUp();
    assert.ok((await create()).ok);
    for (const other of [{ clientId: "other" }, { idempotencyKey: "key-2" }, { idempotencyKey: "KEY-1" }])
      assert.equal(await replay({ ...request, ...other }), undefined);
    assert.ok((await create({ ...request, clientId: "other" })).ok, "two clients may use the same key");
  });

  test("creates one client when it is sent many times concurrently", async () => {
    const { endpoint, create, replay } = setUp();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => create()));
    const made = outcomes.filter((outcome) => outcome.ok);
    assert.equal(made.length, 1);
    for (const outcome of outcomes) assert.ok(outcome.ok || outcome.error.kind === "repeated");
    const clients = await allClients(endpoint.store);
    assert.equal(clients.length, 1);
    assert.match((await replay()) ?? "", new RegExp(`^${clients[0]?.clientId} carnet_`));
  });

  test("leaves no record when it is refused, so it can be corrected and sent again", async () => {
    const { create, replay } = setUp();
    assert.ok((await create({ ...request, idempotencyKey: "other" }, "app")).ok);
    const refused = await create(request, "app");
    assert.ok(!refused.ok && refused.error.kind === "taken");
    assert.equal(await replay(), undefined);
    assert.ok((await create(request, "app-2")).ok);
  });

  test("changes a client once", async () => {
    const { endpoint, ports } = setUp();
    await endpoint.register({ client_id: "app" });
    const record = ({ shown }: { shown: { reveal(): string } | undefined }) =>
      recordAnswer(Buffer.from(shown?.reveal() ?? ""), request, ports);
    const add = () => addSecret({ clientId: "app", ifMatch: undefined, record }, {}, ports);
    const outcomes = [await add(), await add()];
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? "added" : outcome.error.kind)),
      ["added", "repeated"],
    );
    assert.equal((await allClients(endpoint.store))[0]?.secrets.length, 2);
  });
});

suite("An idempotency record", () => {
  test("does not reveal the key, the client, the request or the response", () => {
    const { ports } = setUp();
    const planted = { idempotencyKey: "planted-key", clientId: "planted-client", content: "planted-content" };
    const record = recordAnswer(Buffer.from("planted-answer"), planted, ports);
    for (const bytes of [record.keyDigest, record.requestDigest, record.sealed])
      assert.ok(!Buffer.from(bytes).includes("planted"));
    assert.notDeepEqual(
      recordAnswer(Buffer.from("x"), { ...planted, clientId: "b" }, ports).keyDigest,
      record.keyDigest,
    );
  });

  test("does not open under another key or another client", async () => {
    const { ports } = setUp();
    const { sealed } = recordAnswer(Buffer.from("answer"), request, ports);
    const open = (context: string) => ports.answerSealer.open(sealed, context);
    assert.equal(Buffer.from((await open("answer/admin/key-1")) ?? []).toString(), "answer");
    assert.equal(await open("answer/other/key-1"), undefined);
    assert.equal(await open("answer/admin/key-2"), undefined);
  });

  test("that can no longer be decrypted replays nothing, and the request is still not executed twice", async () => {
    const { ports, create } = setUp();
    assert.ok((await create()).ok);
    const answerSealer = { ...ports.answerSealer, open: async () => undefined };
    assert.deepEqual(await replayAnswer(request, { ...ports, answerSealer }), { ok: true, value: undefined });
    const again = await create();
    assert.ok(!again.ok && again.error.kind === "repeated");
  });
});
