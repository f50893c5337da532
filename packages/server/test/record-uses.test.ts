import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecretUse } from "@carnet/core/client/client-secret";
import { SecretUses } from "@carnet/core/client/secret-uses";
import type { TokenRecord } from "@carnet/core/token/token-record";
import { recordUses } from "@carnet/server/record-uses";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

async function recordsOf(): Promise<{ readonly issued: TokenRecord; readonly refused: TokenRecord }> {
  const endpoint = new TestEndpoint();
  const { client, generatedSecret } = await endpoint.register({ client_id: "app" });
  await endpoint.post({ client_id: client.clientId, client_secret: generatedSecret?.reveal() ?? "" });
  await endpoint.post({ client_id: client.clientId, client_secret: "wrong" });
  const [issued, refused] = endpoint.records;
  assert.ok(issued && refused);
  return { issued, refused };
}

function setUp(record: (record: TokenRecord) => void) {
  const written: SecretUse[] = [];
  const uses = new SecretUses({ recordUses: async (batch) => void written.push(...batch.values()) });
  return { written, uses, recorder: recordUses(uses, { record }) };
}

test("a token counts as a use of its secret, a refusal does not", async () => {
  const { issued, refused } = await recordsOf();
  const { written, uses, recorder } = setUp(() => {});
  recorder.record(refused);
  await uses.flush();
  assert.deepEqual(written, []);
  recorder.record(issued);
  await uses.flush();
  assert.deepEqual(written, [{ at: issued.at, from: issued.address }]);
});

test("a token that cannot be recorded is not issued, so it is no use", async () => {
  const { issued } = await recordsOf();
  const { written, uses, recorder } = setUp(() => {
    throw new Error("the log is stalled");
  });
  assert.throws(() => recorder.record(issued));
  await uses.flush();
  assert.deepEqual(written, []);
});
