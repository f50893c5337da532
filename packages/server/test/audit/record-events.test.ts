import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { SecretUse } from "@carnet/core/client/client-secret";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { recordEvents } from "@carnet/server/audit/record-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

async function recordsOf(): Promise<{ readonly issued: AuditEvent; readonly refused: AuditEvent }> {
  const endpoint = new TestEndpoint();
  const { client, generatedSecret } = await endpoint.register({ client_id: "app" });
  await endpoint.post({ client_id: client.clientId, client_secret: generatedSecret?.reveal() ?? "" });
  await endpoint.post({ client_id: client.clientId, client_secret: "wrong" });
  const [issued, refused] = endpoint.records;
  assert.ok(issued && refused);
  return { issued, refused };
}

function setUp(record: (event: AuditEvent) => void) {
  const written: SecretUse[] = [];
  const uses = new SecretUses({ recordUses: async (batch) => void written.push(...batch.values()) });
  return { written, uses, recorder: recordEvents({ record }, { uses }) };
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
    throw new Error("the journal is full");
  });
  assert.throws(() => recorder.record(issued));
  await uses.flush();
  assert.deepEqual(written, []);
});
