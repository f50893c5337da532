import assert from "node:assert/strict";
import { it } from "node:test";
import { startTestService } from "@carnet/testkit/service";
import { answerWhileDraining } from "./support/answer-while-draining.ts";

it("closes the connection of a request that ends during the stop, so that it does not delay the stop [RFC9112 §9.6]", async () => {
  await using service = await startTestService();
  const answer = await answerWhileDraining(service, "/oauth2/token", "grant_type=client_credentials");
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("connection"), "close");
  assert.equal(answer.headers.get("retry-after"), "1");
});
