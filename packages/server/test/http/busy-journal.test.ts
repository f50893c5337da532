import assert from "node:assert/strict";
import { test } from "node:test";
import { auditOperations } from "@carnet/server/http/admin/audit-operations";
import { JournalBusy } from "@carnet/server/journal/search";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

test("a search is refused as unavailable while too many searches of the journal wait", async () => {
  const search = auditOperations.find(({ operationId }) => operationId === "searchEvents");
  assert.ok(search?.method === "GET");
  const journal = {
    search: () => Promise.reject(new JournalBusy()),
    export: () => assert.fail("not exported"),
    verify: () => assert.fail("not verified"),
  };
  const ports = { ...adminPortsOf(new TestEndpoint()), audit: { events: { search: async () => [] }, journal } };
  const call = { query: {}, body: undefined, parameter: () => "", clientId: "auditor", content: "" };
  const refused = await search.run({ ...call, ifMatch: undefined, idempotencyKey: undefined }, ports);
  assert.ok(!refused.ok);
  assert.equal(refused.error.kind, "unavailable");
  assert.match(refused.error.detail, /^\d+ searches of the journal are waiting already: try again in a second$/);
});
