import assert from "node:assert/strict";
import type { TestService } from "@carnet/testkit/service";
import type { JWK } from "jose";

/** The one public key that a new service publishes. */
export async function publishedKey(service: TestService): Promise<JWK> {
  const { keys }: { keys: JWK[] } = Object(await (await fetch(`${service.url}/oauth2/jwks`)).json());
  const [key, ...others] = keys;
  assert.ok(key);
  assert.deepEqual(others, []);
  return key;
}
