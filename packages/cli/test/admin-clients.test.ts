import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Client, ClientList, CreatedClient } from "@carnet/protocol/admin/clients";
import { type AdminService, assertRefused, generatedSecret, startAdminService } from "./support/admin-service.ts";
import { restrictedAdmin } from "./support/restricted-admin.ts";

suite("carnet admin", () => {
  let at: AdminService;
  before(async () => {
    at = await startAdminService();
    for (const name of ["payments", "search"]) await at.json(["owner", "create", name]);
  });
  after(() => at[Symbol.asyncDispose]());

  test("create registers an admin client of named owners, shows its secret once, and says how to use it", async () => {
    const args = ["admin", "create", "both", "--role", "operator", "--owner", "payments", "--owner", "search"];
    args.push("--name", "Both", "--allow-ip", "127.0.0.0/8", "--expires-at", "2999-01-01");
    const { code, stdout, stderr } = await at.carnet(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    for (const fact of [
      /^client_name +Both$/m,
      /^role +operator$/m,
      /^role_owners +payments search$/m,
      /^scope +carnet:clients:read carnet:clients:write$/m,
      /^audience +urn:carnet:admin$/m,
      /^expires_at +2999-01-01T00:00:00\.000Z$/m,
      /^ip_allowlist +127\.0\.0\.0\/8$/m,
      /CARNET_ADMIN_CLIENT_ID=both and CARNET_ADMIN_CLIENT_SECRET.*\n?.*`carnet whoami`/,
    ])
      assert.match(stdout, fact);
    const secret = generatedSecret.exec(stdout)?.[0] ?? "";
    const env = {
      ...{ CARNET_SERVER_URL: at.service.url, CARNET_ADMIN_CLIENT_ID: "both" },
      CARNET_ADMIN_CLIENT_SECRET: secret,
    };
    const { role, owners } = Object(await at.json(["whoami"], { env }));
    assert.deepEqual([role, owners], ["operator", ["payments", "search"]]);
  });

  test("create without an owner says that the role is over all owners", async () => {
    const { code, stdout, stderr } = await at.carnet(["admin", "create", "reader", "--role", "auditor"]);
    assert.equal(code, 0);
    assert.match(stdout, /^role_owners +\(all owners\)$/m);
    assert.match(
      stderr,
      /^carnet: reader is an auditor over all owners, .*`carnet admin change reader --owner NAME`\.\n$/s,
    );
    const created = (await at.json(["admin", "create", "other", "--role", "auditor"])) as CreatedClient;
    assert.deepEqual([created.role, created.role_owners], ["auditor", null]);
    assert.match(created.client_secret ?? "", generatedSecret);
  });

  test("create needs a known role, and owners that exist", async () => {
    for (const args of [[], ["--role", "root"]]) {
      const { code, stderr } = await at.carnet(["admin", "create", "x", ...args]);
      assert.equal(code, 2);
      assert.match(stderr, /--role <role>/);
    }
    const refused = await at.carnet(["admin", "create", "x", "--role", "admin", "--owner", "nobody"]);
    assertRefused(
      refused,
      /\n {2}--owner .*(nobody, which is no owner|does not exist).*`carnet owner create NAME`\.\n$/s,
    );
  });

  test("list shows admin clients only, with their owners and the end of their secrets", async () => {
    await at.service.register({ client_id: "app", owner: "payments" });
    await at.service.register({ client_id: "pay-admin", role: "admin", role_owners: ["payments"] });
    await at.json(["secret", "rotate", "pay-admin", "--expires-at", "2999-01-01"]);
    const { code, stdout, stderr } = await at.carnet(["admin", "list"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^CLIENT ID +ROLE +OWNERS +STATUS +EXPIRES +SECRET ENDS$/m);
    assert.match(stdout, /^carnet-admin +admin +\(all owners\) +active +never +never$/m);
    assert.match(stdout, /^pay-admin +admin +payments +active +never +2999-01-01T00:00:00\.000Z$/m);
    assert.doesNotMatch(stdout, /^app /m);
    const { clients } = (await at.json(["admin", "list"])) as ClientList;
    assert.ok(clients.every(({ role }) => role !== null));
    const env = await restrictedAdmin(at, { client_id: "alone", role: "auditor", role_owners: ["payments"] });
    const own = (await at.json(["admin", "list"], { env })) as ClientList;
    assert.deepEqual(
      own.clients.map(({ client_id }) => client_id),
      ["alone"],
    );
  });

  test("change gives another role or other owners, after a confirmation", async () => {
    const env = await restrictedAdmin(at, { client_id: "changing", role: "admin" });
    const unasked = await at.carnet(["admin", "change", "changing", "--role", "operator"]);
    assertRefused(unasked, /Change the role of changing at once\? Nothing was changed, .* Add --yes/);
    const args = ["admin", "change", "changing", "--role", "operator", "--owner", "search", "--yes"];
    const changed = (await at.json(args)) as Client;
    assert.deepEqual([changed.role, changed.role_owners], ["operator", ["search"]]);
    const refused = await at.carnet(["client", "create", "--owner", "search"], { env });
    assertRefused(refused, /needs the role admin, and this client is .* ask .*\n.*`carnet whoami`/s);
    const all = (await at.json(["admin", "change", "changing", "--all-owners", "--yes"])) as Client;
    assert.deepEqual([all.role, all.role_owners], ["operator", null]);
    assert.equal((await at.carnet(["admin", "change", "changing", "--yes"])).code, 2);
    assert.equal((await at.carnet(["admin", "change", "changing", "--all-owners", "--owner", "search"])).code, 2);
  });

  test("change refuses a client without a role, and keeps the owners of one that has a role", async () => {
    await at.service.register({ client_id: "demo" });
    const refused = await at.carnet(["admin", "change", "demo", "--role", "admin", "--yes"]);
    assertRefused(refused, /demo is not an admin client\. Create one with `carnet admin create ID --role admin`\./);
    assert.equal(((await at.json(["client", "show", "demo"])) as Client).role, null);
    await at.service.register({ client_id: "bound", role: "operator", role_owners: ["payments"] });
    const changed = (await at.json(["admin", "change", "bound", "--role", "admin", "--yes"])) as Client;
    assert.deepEqual([changed.role, changed.role_owners], ["admin", ["payments"]]);
  });

  test("a team's admin cannot make or change admins, and learns whom to ask", async () => {
    const env = await restrictedAdmin(at, { client_id: "team-admin", role: "admin", role_owners: ["payments"] });
    for (const args of [
      ["admin", "create", "x", "--role", "auditor", "--owner", "payments"],
      ["admin", "change", "team-admin", "--all-owners", "--yes"],
    ])
      assertRefused(await at.carnet(args, { env }), /only an admin over all owners .* ask .*\n.*`carnet whoami`\.\n$/s);
  });
});

suite("the last platform admin", () => {
  test("stays, and the refusal says what to do first", async () => {
    await using at = await startAdminService();
    for (const args of [
      ["client", "disable", "carnet-admin", "--yes"],
      ["client", "delete", "carnet-admin", "--yes"],
      ["admin", "change", "carnet-admin", "--role", "auditor", "--yes"],
    ])
      assertRefused(
        await at.carnet(args),
        /\nCreate another platform admin first: `carnet admin create ID --role admin`\. `carnet admin list`/,
      );
  });
});
