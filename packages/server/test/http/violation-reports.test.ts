import assert from "node:assert/strict";
import { test } from "node:test";
import { ownAuthority } from "@carnet/core/admin/permission";
import type { ClientPage } from "@carnet/core/client/client-store";
import { ownerOperations } from "@carnet/server/http/admin/owner-operations";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

test("reports of violations are made one at a time, and refused as unavailable while too many wait", async () => {
  const operation = ownerOperations.find(({ operationId }) => operationId === "showOwner");
  assert.ok(operation?.method === "GET");
  const ports = adminPortsOf(new TestEndpoint());
  const { promise, resolve } = Promise.withResolvers<ClientPage>();
  let searches = 0;
  const search = () => {
    searches++;
    return promise;
  };
  const store = { ...ports.store, search };
  const call = { query: {}, body: undefined, parameter: () => "default", clientId: "", secretId: null, content: "" };
  const show = () =>
    operation.run(
      { ...call, ifMatch: undefined, idempotencyKey: undefined },
      { ...ports, store, authority: ownAuthority },
    );
  const waiting = Array.from({ length: 9 }, show);
  const refused = await show();
  assert.ok(!refused.ok);
  assert.equal(refused.error.kind, "unavailable");
  assert.match(refused.error.detail, /^\d+ reports of violations are waiting already: try again in a second$/);
  assert.equal(searches, 1);
  resolve({ clients: [], next: null });
  for (const shown of await Promise.all(waiting)) assert.ok(shown.ok);
  assert.equal(searches, 9);
});
