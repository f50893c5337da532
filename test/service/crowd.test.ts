import assert from "node:assert/strict";
import { test } from "node:test";
import { askInCrowd } from "@carnet/testkit/crowd";
import { startTestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";

test("each of hundreds of concurrent requests gets the token of its own client", async () => {
  const jtis = new Set<unknown>();
  await using service = await startTestService();
  const clients = await Promise.all(["one", "two", "three"].map((client_id) => service.register({ client_id })));
  const requests = Array.from({ length: 600 }, (_, number) => clients[number % clients.length] ?? assert.fail());
  const keys = createRemoteJWKSet(new URL("/oauth2/jwks", service.url));
  for (let round = 0; round < 3; round++) {
    const answers = await askInCrowd(service.url, requests);
    assert.equal(answers.length, requests.length);
    for (const [index, answer] of answers.entries()) {
      const token = /"access_token":"([^"]+)"/.exec(answer)?.[1] ?? "";
      const { payload } = await jwtVerify(token, keys);
      assert.equal(payload.sub, requests[index]?.clientId, "responses must be in the order of the requests");
      jtis.add(decodeJwt(token).jti);
    }
  }
  assert.equal(jtis.size, 1800);
  const recorded = service
    .journal()
    .flatMap(({ event, actor }) => (event === "token_issued" ? [Object(actor).jti] : []));
  assert.deepEqual(new Set(recorded), jtis);
});
