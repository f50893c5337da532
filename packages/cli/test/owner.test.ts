import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { assertRefused, startAdminService } from "./support/admin-service.ts";

const everything = [
  ...["--description", "Takes payments", "--contact", "#pay", "--scope", "file:read", "--scope", "file:write"],
  ...["--allow-ip", "203.0.113.0/24,2001:db8::/32", "--max-token-ttl", "10m", "--max-secret-age", "90d"],
  ...["--secrets-must-expire", "--max-clients", "5", "--audience", "*", "--workspace", "w-1", "--username", "grace"],
  ...["--enforce-from", "2099-01-31"],
];

const policy = {
  ...{ scope: "file:read file:write", ip_allowlist: ["203.0.113.0/24", "2001:db8::/32"], max_token_ttl: 600 },
  ...{ max_secret_age: 7_776_000, secrets_must_expire: true, max_clients: 5, audiences: ["*"], workspaces: ["w-1"] },
  ...{ usernames: ["grace"], enforce_from: "2099-01-31T00:00:00.000Z" },
};

const openPolicy = {
  ...{ scope: null, ip_allowlist: [], max_token_ttl: null, max_secret_age: null, secrets_must_expire: false },
  ...{ max_clients: null, audiences: [], workspaces: [], usernames: [], enforce_from: null },
};

suite("carnet owner", () => {
  test("creates an owner with each setting, shows and lists it, and resets each setting by an empty value", async () => {
    await using at = await startAdminService();
    const made = Object(await at.json(["owner", "create", "payments", ...everything]));
    assert.deepEqual([made.name, made.description, made.contact], ["payments", "Takes payments", "#pay"]);
    assert.deepEqual(made.policy, policy);
    const { code, stdout } = await at.carnet(["owner", "show", "payments"]);
    assert.equal(code, 0);
    for (const line of [
      /^name +payments$/m,
      /^max_token_ttl +10m$/m,
      /^max_secret_age +90d$/m,
      /^audiences +\(any\)$/m,
      /^secrets_must_expire +yes$/m,
    ])
      assert.match(stdout, line);
    const list = await at.carnet(["owner", "list"]);
    assert.match(list.stdout, /^OWNER +CLIENTS +CONTACT +DESCRIPTION\n(.*\n)*payments +0 +#pay +Takes payments\n$/);
    const { owners } = Object(await at.json(["owner", "list"]));
    assert.deepEqual(
      owners.map(({ name }: { name: string }) => name),
      ["default", "payments"],
    );
    const flags = everything.filter((word) => word.startsWith("--") && word !== "--secrets-must-expire");
    const reset = [...new Set(flags)].flatMap((flag) => [flag, ""]);
    const changed = Object(await at.json(["owner", "change", "payments", ...reset, "--no-secrets-must-expire"]));
    assert.deepEqual([changed.description, changed.contact, changed.policy], [null, null, openPolicy]);
    assert.match((await at.carnet(["owner", "show", "payments"])).stdout, /^secrets_must_expire +no$/m);
    await at.json(["owner", "change", "payments", "--max-secret-age", "90d"]);
    const { stdout: aged } = await at.carnet(["owner", "show", "payments"]);
    assert.match(aged, /^secrets_must_expire +no, but max_secret_age gives each secret an end$/m);
  });

  test("change shows the clients that violate the policy and what happens to them, even in a dry run", async () => {
    await using at = await startAdminService();
    await at.json(["owner", "create", "payments"]);
    const { registry } = at.service.server;
    assert.ok((await registry.owners.find("payments")) !== undefined);
    for (const [client_id, scope] of Object.entries({ reader: "file:read", writer: "file:read file:write" }))
      await at.service.register({ client_id, owner: "payments", scope });
    const change = ["owner", "change", "payments", "--scope", "file:read", "--max-clients", "1"];
    const dry = await at.carnet([...change, "--dry-run"]);
    assert.deepEqual([dry.code, dry.stderr], [0, "Nothing was changed, because this was a dry run.\n"]);
    assert.match(dry.stdout, /^1 client violates the policy:$/m);
    assert.match(dry.stdout, /^writer +active +scope must not have file:write: the policy allows file:read$/m);
    assert.match(dry.stdout, /^clients +2, more than the policy allows$/m);
    assert.match(dry.stdout, /They keep working\. To disable them, run `carnet owner change payments --enforce-from/);
    const before = Object(await at.json(["owner", "show", "payments"]));
    assert.deepEqual([before.policy, before.violations.count], [openPolicy, 0]);
    const changed = await at.carnet([...change, "--enforce-from", "2099-01-31"]);
    assert.deepEqual([changed.code, changed.stderr], [0, ""]);
    assert.match(changed.stdout, /\nThose that are active are disabled from 2099-01-31T00:00:00\.000Z on\.\n$/);
    const shown = Object(await at.json(["owner", "show", "payments"]));
    assert.deepEqual(
      shown.violations.clients.map(({ client_id }: { client_id: string }) => client_id),
      ["writer"],
    );
  });

  test("change asks before it disables clients at once", async () => {
    await using at = await startAdminService();
    await at.json(["owner", "create", "payments"]);
    for (const client_id of ["one", "two"])
      await at.service.register({ client_id, owner: "payments", scope: "file:read file:write" });
    await at.service.register({ client_id: "off", owner: "payments", scope: "file:write", status: "disabled" });
    const change = ["owner", "change", "payments", "--scope", "file:read"];
    const now = [...change, "--enforce-from", "2020-01-01"];
    assertRefused(
      await at.carnet(now),
      /^carnet: 2 clients are disabled now: one, two\. .*Nothing was changed, .*--yes/,
    );
    assert.deepEqual(Object(await at.json(["owner", "show", "payments"])).policy, openPolicy);
    assert.equal((await at.carnet([...now, "--dry-run"])).code, 0);
    assert.equal((await at.carnet([...change, "--enforce-from", "2099-01-01"])).code, 0);
    assert.equal(
      (await at.carnet(["owner", "change", "payments", "--scope", "", "--enforce-from", "2020-01-01"])).code,
      0,
    );
    assertRefused(await at.carnet(change), /^carnet: 2 clients are disabled now/);
    assert.equal((await at.carnet(["owner", "change", "payments", "--contact", "#pay"])).code, 0);
    assert.equal((await at.carnet([...change, "--yes"])).code, 0);
  });

  test("deletes an owner after confirmation, unless it is in use or is the default", async () => {
    await using at = await startAdminService();
    await at.json(["owner", "create", "payments"]);
    const remove = ["owner", "delete", "payments"];
    assertRefused(await at.carnet(remove), /^carnet: Delete the owner payments and .*\? Nothing was changed, .*--yes/);
    await at.service.register({ client_id: "app", owner: "payments" });
    assertRefused(
      await at.carnet([...remove, "--yes"]),
      /the owner has clients, .*\nFind its clients with `carnet client list --owner payments`/s,
    );
    assertRefused(await at.carnet(["owner", "delete", "default", "--yes"]), /the owner default always exists, because/);
    await at.carnet(["client", "delete", "app", "--yes"]);
    assert.deepEqual(await at.json([...remove, "--yes"]), { deleted: { name: "payments" } });
    assertRefused(await at.carnet([...remove, "--yes"]), /no owner has this name .*`carnet owner list`/s);
  });

  test("names the flag of each wrong value, and the next step for a wrong or taken name", async () => {
    await using at = await startAdminService();
    assertRefused(await at.carnet(["owner", "create", "-a-"].toSpliced(2, 0, "--")), /\n {2}<name> must have 1 to 63/);
    assertRefused(await at.carnet(["owner", "create", "default"]), /exists already .*`carnet owner show`/s);
    const wrong = ["owner", "create", "x", "--contact", "a\tb", "--scope", 'quo"te', "--username", "\u0007"];
    const { stderr } = await at.carnet(wrong);
    for (const flag of ["--contact", "--scope", "--username"])
      assert.match(stderr, new RegExp(`\n {2}${flag} (must|scope|has)`));
    await at.json(["owner", "create", "payments"]);
    assertRefused(
      await at.carnet(["owner", "create", "Payments"]),
      /the owner payments exists already, and names must differ in more than upper and lower case/,
    );
    assertRefused(await at.carnet(["owner", "show", "payment"]), /Did you mean payments\?.*`carnet owner list`/s);
    for (const args of [
      ["owner", "change", "payments"],
      ["owner", "create", "x", "--max-secret-age", "soon"],
      ["owner", "create", "x", "--max-clients", "-1"],
      ["owner", "create", "x", "--enforce-from", "soon"],
    ])
      assert.equal((await at.carnet(args)).code, 2, args.join(" "));
  });
});
