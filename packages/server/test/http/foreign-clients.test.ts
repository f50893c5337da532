import assert from "node:assert/strict";
import { test } from "node:test";
import { type Authority, ownAuthority } from "@carnet/core/admin/permission";
import { clientOperations } from "@carnet/server/http/admin/client-operations";
import { secretOperations } from "@carnet/server/http/admin/secret-operations";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const authority: Authority = {
  ...ownAuthority,
  need: "manage",
  caller: { clientId: clientIdOf("pay-admin"), role: "admin", owners: ["payments"] },
};

test("a refused change of a foreign client does not drop it from memory, which would slow its next token down", async () => {
  const endpoint = new TestEndpoint();
  const foreign = plainClient("foreign");
  await endpoint.store.insert([foreign], withEvent());
  const forgotten: string[] = [];
  const ports = { ...adminPortsOf(endpoint), authority };
  const directory = Object.assign(Object.create(ports.directory), { forget: (id: string) => forgotten.push(id) });
  const call = { query: {}, body: {}, parameter: () => "foreign", clientId: "pay-admin", secretId: null, content: "" };
  for (const operation of [...clientOperations, ...secretOperations]) {
    if (operation.method === "GET" || !operation.path.includes(":client_id")) continue;
    const refused = await operation.run(
      { ...call, ifMatch: undefined, idempotencyKey: undefined },
      { ...ports, directory },
    );
    assert.ok(!refused.ok, operation.operationId);
    assert.equal(refused.error.kind, "not_found");
  }
  assert.deepEqual(forgotten, []);
});
