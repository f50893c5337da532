import assert from "node:assert/strict";
import { test } from "node:test";
import { auditOperations } from "@carnet/server/http/admin/audit-operations";
import { explainOperation } from "@carnet/server/http/admin/explain-operation";
import { QueueFull } from "@carnet/server/task-queue";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const searches = [
  { operation: auditOperations.find(({ operationId }) => operationId === "searchEvents"), query: {} },
  { operation: explainOperation, query: { request_id: "r-1" } },
];

for (const { operation, query } of searches) {
  test(`${operation?.operationId} is refused as unavailable while too many searches of the journal wait`, async () => {
    assert.ok(operation?.method === "GET");
    const journal = {
      search: () => Promise.reject(new QueueFull("searches of the journal")),
      export: () => assert.fail("not exported"),
      verify: () => assert.fail("not verified"),
    };
    const ports = adminPortsOf(new TestEndpoint());
    const audit = { ...ports.audit, events: { search: async () => [] }, journal };
    const call = { query, body: undefined, parameter: () => "", clientId: "auditor", secretId: null, content: "" };
    const refused = await operation.run(
      { ...call, ifMatch: undefined, idempotencyKey: undefined },
      { ...ports, audit },
    );
    assert.ok(!refused.ok);
    assert.equal(refused.error.kind, "unavailable");
    assert.match(refused.error.detail, /^\d+ searches of the journal are waiting already: try again in a second$/);
  });
}
