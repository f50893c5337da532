// Changing the keys of a running service takes effect at once for signing, publishing, metadata and the admin guard.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { AdminApi, tokenOf } from "../support/admin-api.ts";

async function publishedBy({ url }: TestService, known = "") {
  const answer = await fetch(`${url}/oauth2/jwks`, { headers: { "if-none-match": known } });
  const { keys }: { keys: { kid: string }[] } = answer.status === 304 ? { keys: [] } : Object(await answer.json());
  return { status: answer.status, etag: answer.headers.get("etag") ?? "", keyIds: keys.map(({ kid }) => kid) };
}

async function algorithmsOf({ url }: TestService): Promise<readonly string[]> {
  const answer = await fetch(`${url}/.well-known/openid-configuration`);
  return Object(await answer.json()).id_token_signing_alg_values_supported;
}

async function adminStatus({ url }: TestService, token: string): Promise<number> {
  return (await fetch(`${url}/admin/v1/clients`, { headers: { authorization: `Bearer ${token}` } })).status;
}

test("changed keys apply to the next token, its record, the JWKS and its ETag, metadata, and the admin guard", async () => {
  await using service = await startTestService();
  const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail("there is no bootstrap admin");
  const newToken = () => tokenOf(service, { clientId, clientSecret: clientSecret.reveal() });
  const api = await AdminApi.of(service);
  const change = async (path: string, body?: object, token = api.token) =>
    (await api.expect(200, "POST", `/keys/${path}`, { token, ...(body && { body }) })).json;

  const old = await newToken();
  const before = await publishedBy(service);
  const first = decodeProtectedHeader(old).kid ?? "";
  assert.deepEqual(before.keyIds, [first]);
  assert.equal((await publishedBy(service, before.etag)).status, 304);

  const second = String(Object((await change("rotate", { now: true }))["key"]).kid);
  const fresh = await newToken();
  assert.equal(decodeProtectedHeader(fresh).kid, second);
  assert.equal(service.journal().at(-1)?.["key_id"], second);
  const both = await publishedBy(service, before.etag);
  assert.deepEqual(both.keyIds, [first, second]);
  assert.notEqual(both.etag, before.etag);
  const keys = createRemoteJWKSet(new URL(`${service.url}/oauth2/jwks`));
  for (const token of [old, fresh]) {
    await jwtVerify(token, keys, { issuer: service.url });
    assert.equal(await adminStatus(service, token), 200);
  }

  await change("rotate", { algorithm: "RS256" }, fresh);
  assert.deepEqual(await algorithmsOf(service), ["ES256", "RS256"]);

  await change(`${first}/revoke`, undefined, fresh);
  const left = await publishedBy(service, both.etag);
  assert.deepEqual([left.keyIds.length, left.keyIds[0]], [2, second]);
  assert.equal(await adminStatus(service, old), 401);
  assert.equal(await adminStatus(service, fresh), 200);

  const third = String(Object((await change(`${second}/revoke`, undefined, fresh))["successor"]).kid);
  assert.equal(await adminStatus(service, fresh), 401);
  assert.equal(decodeProtectedHeader(await newToken()).kid, third);
});
