// Replacing the keys of a running service takes effect at once for signing, publishing and the admin guard.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { tokenOf } from "../support/admin-api.ts";

const [first, second] = [await generateSigningKey("ES256"), await generateSigningKey("ES256")];

async function publishedBy({ url }: TestService, known = "") {
  const answer = await fetch(`${url}/oauth2/jwks`, { headers: { "if-none-match": known } });
  const { keys }: { keys: { kid: string }[] } = answer.status === 304 ? { keys: [] } : Object(await answer.json());
  return { status: answer.status, etag: answer.headers.get("etag") ?? "", keyIds: keys.map(({ kid }) => kid) };
}

async function adminStatus({ url }: TestService, token: string): Promise<number> {
  return (await fetch(`${url}/admin/v1/clients`, { headers: { authorization: `Bearer ${token}` } })).status;
}

test("replaced keys apply to the next token, its record, the JWKS and its ETag, and the admin guard", async () => {
  await using service = await startTestService();
  const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail("there is no bootstrap admin");
  const newToken = () => tokenOf(service, { clientId, clientSecret: clientSecret.reveal() });

  service.server.keys.replace([first]);
  const old = await newToken();
  const before = await publishedBy(service);
  assert.equal(decodeProtectedHeader(old).kid, first.keyId);
  assert.deepEqual(before.keyIds, [first.keyId]);
  assert.equal((await publishedBy(service, before.etag)).status, 304);

  service.server.keys.replace([first, second]);
  const fresh = await newToken();
  assert.equal(decodeProtectedHeader(fresh).kid, second.keyId);
  assert.equal(service.journal().at(-1)?.["key_id"], second.keyId);
  const both = await publishedBy(service, before.etag);
  assert.deepEqual(both.keyIds, [first.keyId, second.keyId]);
  assert.notEqual(both.etag, before.etag);
  const keys = createRemoteJWKSet(new URL(`${service.url}/oauth2/jwks`));
  for (const token of [old, fresh]) {
    await jwtVerify(token, keys, { issuer: service.url });
    assert.equal(await adminStatus(service, token), 200);
  }

  service.server.keys.replace([second]);
  assert.deepEqual((await publishedBy(service, both.etag)).keyIds, [second.keyId]);
  assert.equal(await adminStatus(service, old), 401);
  assert.equal(await adminStatus(service, fresh), 200);
});
