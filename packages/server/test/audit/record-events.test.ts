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

function setUp(record: (events: readonly AuditEvent[]) => void) {
  const written: SecretUse[] = [];
  const uses = new SecretUses({ recordUses: async (batch) => void written.push(...batch.values()) });
  return { written, uses, recorder: recordEvents({ record }, { uses }) };
}

test("a token counts as a use of its secret, a refusal does not", async () => {
  const { issued, refused } = await recordsOf();
  const { written, uses, recorder } = setUp(() => {});
  await recorder.record(refused);
  await uses.flush();
  assert.deepEqual(written, []);
  await recorder.record(issued);
  await uses.flush();
  assert.deepEqual(written, [{ at: issued.at, from: issued.address }]);
});

test("a token that cannot be recorded is not issued, so it is no use", async () => {
  const { issued } = await recordsOf();
  const { written, uses, recorder } = setUp(() => {
    throw new Error("the journal is full");
  });
  await assert.rejects(async () => recorder.record(issued));
  await uses.flush();
  assert.deepEqual(written, []);
});

test("the events of one turn are recorded together and in order, and each waits for it", async () => {
  const { issued, refused } = await recordsOf();
  const batches: (readonly AuditEvent[])[] = [];
  const { recorder } = setUp((events) => void batches.push(events));
  let answered = 0;
  const count = (): void => void answered++;
  const both = [issued, refused].map(async (event) => recorder.record(event)).map((recorded) => recorded.then(count));
  await Promise.resolve();
  assert.deepEqual([batches, answered], [[], 0]);
  await Promise.all(both);
  await recorder.record(issued);
  assert.deepEqual(batches, [[issued, refused], [issued]]);
});

test("a batch that cannot be recorded refuses all its requests, and not the next ones", async () => {
  const { issued, refused } = await recordsOf();
  let isFull = true;
  const { recorder } = setUp(() => {
    if (isFull) throw new Error("the journal is full");
  });
  const settled = await Promise.allSettled([recorder.record(issued), recorder.record(refused)]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  isFull = false;
  await recorder.record(issued);
});
