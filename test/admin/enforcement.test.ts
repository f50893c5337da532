// A service disables the clients that violate an enforced policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { eventQuery } from "@carnet/testkit/sample-events";
import { startTestService } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { AdminApi } from "../support/admin-api.ts";

test("a service disables clients that violate an enforced policy, and the event names the line", async () => {
  await using folder = await temporaryFolder();
  const settings = { dataDir: folder.path, store: `sqlite:${folder.file("carnet.db")}` };
  {
    await using service = await startTestService({ settings });
    const api = await AdminApi.of(service);
    await api.expect(201, "POST", "/owners", { body: { name: "payments" } });
    for (const [client_id, scope] of Object.entries({ reader: "file:read", writer: "file:write" }))
      await api.expect(201, "POST", "/clients", { body: { client_id, owner: "payments", scope } });
    const body = { policy: { scope: "file:read", enforce_from: "2026-01-01" } };
    await api.expect(200, "PATCH", "/owners/payments", { body });
  }
  // The tasks run at the start, and stopping waits for them
  await (await startTestService({ settings }))[Symbol.asyncDispose]();
  const registry = await openTestRegistry(folder.file("carnet.db"));
  for (const [clientId, status] of Object.entries({ reader: "active", writer: "disabled" }))
    assert.equal((await registry.store.find(clientIdOf(clientId)))?.status, status);
  const [event, ...others] = await registry.events.search(eventQuery({ kinds: ["client_disabled"] }));
  await registry.close();
  assert.match(event?.json ?? "", /"warning":"it violates the policy of its owner payments: scope must not have file:/);
  assert.deepEqual(others, []);
});
