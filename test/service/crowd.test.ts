import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { askInCrowd } from "@carnet/testkit/crowd";
import { startTestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";

test("hundreds of requests that come at once are signed by a thread too, each with its own client's token", async () => {
  const threads: Worker[] = [];
  process.on("worker", (worker) => threads.push(worker));
  const jtis = new Set<unknown>();
  {
    await using service = await startTestService();
    const clients = await Promise.all(["one", "two", "three"].map((client_id) => service.register({ client_id })));
    const requests = Array.from({ length: 600 }, (_, number) => clients[number % clients.length] ?? assert.fail());
    const keys = createRemoteJWKSet(new URL("/oauth2/jwks", service.url));
    for (let crowd = 0; crowd < 3; crowd++) {
      const answers = await askInCrowd(service.url, requests);
      assert.equal(answers.length, requests.length);
      for (const [index, answer] of answers.entries()) {
        const token = /"access_token":"([^"]+)"/.exec(answer)?.[1] ?? "";
        const { payload } = await jwtVerify(token, keys);
        assert.equal(payload.sub, requests[index]?.clientId, "in the order of the requests");
        jtis.add(decodeJwt(token).jti);
      }
    }
    assert.equal(jtis.size, 1800);
    const recorded = service.log.filter((line) => line.includes("token_issued")).map((line) => JSON.parse(line).jti);
    assert.deepEqual(new Set(recorded), jtis);
    assert.equal(threads.length, availableParallelism() > 1 ? 1 : 0);
    for (const thread of threads) assert.notEqual(thread.threadId, -1);
  }
  for (const thread of threads) assert.equal(thread.threadId, -1, "it has ended with the service");
});
