import assert from "node:assert/strict";
import { test } from "node:test";
import { Redacted } from "@carnet/protocol/redacted";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secret = "planted-secret-0123456789";
const credentials = { client_id: "app", client_secret: secret };

async function claimsOf(registration: Record<string, unknown>, form: Record<string, string> = {}) {
  const endpoint = new TestEndpoint();
  endpoint.clock.set("2026-11-21T12:00:00.999Z");
  await endpoint.register({ client_id: "app", secret: { value: new Redacted(secret) }, scope: "b a", ...registration });
  const { status, body } = await endpoint.post({ ...credentials, ...form });
  assert.equal(status, 200);
  return {
    body,
    claims: JSON.parse(Buffer.from(String(body["access_token"]).split(".")[1] ?? "", "base64url").toString()),
  };
}

test("a token has exactly the claims of the profile, from configuration and registration [RFC9068 §2.2]", async () => {
  const { claims } = await claimsOf({});
  const { jti, rvk, ...rest } = claims;
  assert.equal(rvk.length, 2);
  for (const handle of rvk) assert.match(handle, /^[\w-]{11}$/);
  assert.match(jti, /^[0-9a-f-]{36}$/);
  const issuedAt = Date.parse("2026-11-21T12:00:00Z") / 1000;
  assert.deepEqual(rest, {
    iss: "https://iam.example.test",
    sub: "app",
    client_id: "app",
    aud: "https://api.example.test",
    iat: issuedAt,
    exp: issuedAt + 600,
    scope: "b a",
  });
});

test("a client's own token lifetime sets exp and expires_in", async () => {
  const { claims, body } = await claimsOf({ access_token_ttl: 60 });
  assert.equal(claims.exp - claims.iat, 60);
  assert.equal(body["expires_in"], 60);
});

test("a token never outlives its client, and expires_in says so", async () => {
  for (const [expires_at, left] of [
    ["2026-11-21T12:10:00Z", 600],
    ["2026-11-21T12:09:59.001Z", 600],
    ["2026-11-21T12:00:30Z", 30],
    ["2026-11-21T12:00:01Z", 1],
  ] as const) {
    const { claims, body } = await claimsOf({ expires_at });
    assert.equal(claims.exp - claims.iat, left);
    assert.equal(body["expires_in"], left);
    assert.ok(claims.exp * 1000 < Date.parse(expires_at) + 1000);
  }
});

test("a client with a workspace has its arid", async () => {
  const { claims } = await claimsOf({ workspace: "QWNjb3VudB82Nzg" });
  assert.equal(Buffer.from(claims.arid, "base64url").toString("latin1"), "Workspace\x1fQWNjb3VudB82Nzg");
});

test("the token and the response have the granted scope", async () => {
  const { claims, body } = await claimsOf({}, { scope: "a c" });
  assert.equal(claims.scope, "a");
  assert.equal(body["scope"], "a");
});

test("rvk holds the handles of the client and of the secret that was used", async () => {
  const endpoint = new TestEndpoint();
  const { client } = await endpoint.register({ client_id: "app", secret: { value: new Redacted(secret) } });
  const { body } = await endpoint.post(credentials);
  const claims = JSON.parse(Buffer.from(String(body["access_token"]).split(".")[1] ?? "", "base64url").toString());
  assert.deepEqual(claims.rvk, [client.handle, client.secrets[0]?.handle]);
  assert.notEqual(client.handle, client.secrets[0]?.handle);
});

test("a client that is registered again under its old id gets a new handle", async () => {
  const endpoint = new TestEndpoint();
  const before = await endpoint.register({ client_id: "app" });
  await endpoint.store.delete(before.client, withEvent());
  const after = await endpoint.register({ client_id: "app" });
  assert.notEqual(after.client.handle, before.client.handle);
});

test("no two tokens have the same jti", async () => {
  const endpoint = new TestEndpoint();
  await endpoint.register({ client_id: "app", secret: { value: new Redacted(secret) } });
  for (let token = 0; token < 100; token++) await endpoint.post(credentials);
  const ids = endpoint.records.map((record) => record.actor.type === "client" && record.actor.jti);
  assert.equal(new Set(ids).size, 100);
});
