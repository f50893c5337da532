import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Whoami } from "@carnet/protocol/admin/whoami";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";
import { restrictedAdmin } from "./support/restricted-admin.ts";

const whoami = async (at: AdminService, env: Readonly<Record<string, string>> = {}): Promise<Whoami> =>
  (await at.json(["whoami"], { env })) as Whoami;

suite("carnet whoami", () => {
  test("shows the role, the owners, the end of the secret in use, and whom to ask", async () => {
    await using at = await startAdminService({ settings: { contact: "#iam on the chat" } });
    await at.json(["owner", "create", "payments"]);
    const env = await restrictedAdmin(at, { client_id: "ops", role: "operator", role_owners: ["payments"] });
    await at.json(["secret", "add", "ops", "--expires-at", "2999-01-01"]); // not the one in use
    const { code, stdout, stderr } = await at.carnet(["whoami"], { env });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const { secret } = await whoami(at, env);
    for (const fact of [
      /^client_id +ops$/m,
      /^role +operator$/m,
      /^owners +payments$/m,
      /^expires_at +never$/m,
      new RegExp(`^secret +${secret?.secret_id}$`, "m"),
      /^secret_ends +never$/m,
      /^contact +#iam on the chat$/m,
      /^It may:$/m,
      /^clients +list, show, disable, enable$/m,
      /^secrets +list, show, rotate, revoke$/m,
    ])
      assert.match(stdout, fact);
    await at.json(["secret", "rotate", "ops", "--end-old-at", "2998-01-01T00:00:00Z"]);
    assert.match((await at.carnet(["whoami"], { env })).stdout, /^secret_ends +2998-01-01T00:00:00\.000Z$/m);
    assert.match((await at.carnet(["whoami"])).stdout, /^owners +\(all owners\)$/m);
  });

  test("lists the operations that the role and the scopes allow", async () => {
    await using at = await startAdminService();
    const all = (await whoami(at)).operations;
    assert.ok(all.includes("createClient") && all.includes("putScope") && all.includes("exportJournal"));
    const auditor = await whoami(at, await restrictedAdmin(at, { role: "auditor" }));
    assert.ok(auditor.operations.includes("searchEvents") && auditor.operations.includes("listClients"));
    assert.ok(!auditor.operations.includes("createClient") && !auditor.operations.includes("disableClient"));
    const events = await restrictedAdmin(at, { role: "auditor", scope: "carnet:audit:read" });
    assert.ok(!(await whoami(at, events)).operations.includes("listClients"));
  });

  test("refuses a client that has no role", async () => {
    await using at = await startAdminService();
    const env = await restrictedAdmin(at, { scope: "file:read" });
    assertRefused(await at.carnet(["whoami"], { env }), /have a role/);
  });
});
