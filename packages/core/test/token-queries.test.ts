import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { drawHandle } from "@carnet/core/client/draw";
import { answerIntrospectionRequest } from "@carnet/core/introspection/introspection-endpoint";
import { answerRevocationRequest } from "@carnet/core/revocation/revocation-endpoint";
import type { ClientMessage } from "@carnet/core/token/client-message";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint, tokenRequestMessage } from "@carnet/testkit/test-endpoint";

const secret = "planted-secret-0123456789";
const api = { client_id: "api", client_secret: secret };

type Changes = ConstructorParameters<typeof TestEndpoint>[0];

async function world(changes: Changes = {}) {
  const endpoint = new TestEndpoint(changes);
  const value = new Redacted(secret);
  await endpoint.register({ client_id: "api", secret: { value }, scope: "carnet:introspect" });
  await endpoint.register({ client_id: "other", secret: { value }, scope: "file:read" });
  const { body } = await endpoint.post({ client_id: "other", client_secret: secret });
  endpoint.events.length = 0;
  endpoint.records.length = 0;
  return { endpoint, token: String(body["access_token"]) };
}

const message = (path: ClientMessage["path"], form: Readonly<Record<string, string>>): ClientMessage => ({
  ...tokenRequestMessage({ body: new Redacted(new URLSearchParams(form).toString()) }),
  ...{ path, version: undefined },
});

const introspect = (endpoint: TestEndpoint, form: Readonly<Record<string, string>>) =>
  answerIntrospectionRequest({ ...message(paths.introspect, form), accept: undefined }, endpoint.ports);

const revoke = (endpoint: TestEndpoint, form: Readonly<Record<string, string>>) =>
  answerRevocationRequest(message(paths.revoke, form), endpoint.ports);

const fails = { find: () => Promise.reject(new Error("the store is away")), add: async () => "known" as const };

suite("a request to introspect or revoke a token", () => {
  for (const [name, ask] of Object.entries({ introspect, revoke })) {
    test(`looks at the token only after the caller is authenticated: ${name}`, async () => {
      const { endpoint, token } = await world();
      const refused = await ask(endpoint, { ...api, client_secret: "wrong", token });
      assert.equal(refused.status, 401);
      assert.deepEqual(endpoint.events, ["find", "record"]);
      assert.deepEqual(endpoint.counted, []);
    });

    test(`is refused only after the refusal is recorded, and not at all if it cannot be: ${name}`, async () => {
      const { endpoint } = await world();
      const record = () => Promise.reject(new Error("disk full"));
      const ports = { ...endpoint.ports, recorder: { record } };
      await assert.rejects(
        ask(Object.assign(endpoint, { ports }), { ...api, client_secret: "wrong", token: "x" }),
        /full/,
      );
    });

    test(`does not parse a text that is too long for a token, or has other characters: ${name}`, async () => {
      const { endpoint, token } = await world();
      for (const text of [`signed.${"A".repeat(16 * 1024)}`, `${token} `, ` ${token}`, `${token}\n`, `${token}\0`]) {
        endpoint.events.length = 0;
        assert.equal((await ask(endpoint, { ...api, token: text })).status, 200);
        assert.ok(!endpoint.events.includes("verify"), JSON.stringify(text.slice(-9)));
      }
    });

    test(`counts as a use of the secret and leaves no event: ${name}`, async () => {
      const { endpoint } = await world();
      await ask(endpoint, { ...api, token: "x" });
      assert.deepEqual(endpoint.records, []);
      assert.deepEqual(endpoint.counted, [name === "revoke" ? "revoked by api" : "introspected by api"]);
      const { secrets = [] } = (await endpoint.store.find("api" as never)) ?? {};
      const [used] = secrets.map((one) => endpoint.ports.uses.lastOf(one));
      assert.deepEqual({ ...used }, { at: endpoint.clock.now(), from: "127.0.0.1" });
    });
  }

  test("is not answered with an inactive token when the store is away", async () => {
    const { endpoint, token } = await world({ revocations: fails });
    await assert.rejects(introspect(endpoint, { ...api, token }), /away/);
  });

  test("is answered with an inactive token by the client alone, even if no revocation is found", async () => {
    const none = { find: async () => undefined, add: fails.add };
    const { endpoint, token } = await world({ revocations: none });
    const { store } = endpoint;
    const isActive = async () => JSON.parse((await introspect(endpoint, { ...api, token })).body.reveal()).active;
    const client = (await store.find("other" as never)) ?? assert.fail();
    assert.equal(await isActive(), true);
    await store.replace({ ...client, status: "disabled", version: 2 }, withEvent());
    assert.equal(await isActive(), false);
    await store.replace({ ...client, handle: drawHandle(endpoint.random), version: 3 }, withEvent());
    assert.equal(await isActive(), false);
  });

  test("reads no store about a token that the caller may not know about", async () => {
    const { endpoint, token } = await world({ revocations: fails });
    const answer = await introspect(endpoint, { client_id: "other", client_secret: secret, token });
    assert.equal(answer.body.reveal(), '{"active":false}');
  });

  test("refuses to revoke a token of another client, with its id in the record", async () => {
    const { endpoint, token } = await world();
    assert.equal((await revoke(endpoint, { ...api, token })).status, 400);
    const [record] = endpoint.records;
    assert.ok(record?.event === "token_refused" && record.actor.type === "client");
    assert.deepEqual(
      [record.reason, record.path, record.version, record.actor.clientId],
      ["token_of_another_client", "/oauth2/revoke", null, "api"],
    );
    assert.equal(record.actor.jti, JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).jti);
    assert.deepEqual(endpoint.counted, []);
  });
});
