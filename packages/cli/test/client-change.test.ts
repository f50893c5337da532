import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Client } from "@carnet/protocol/admin/clients";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

let at: AdminService;
before(async () => {
  at = await startAdminService();
});
after(() => at[Symbol.asyncDispose]());

const show = async (id: string): Promise<Client> => (await at.json(["client", "show", id])) as Client;
const statusOf = async (id: string, secret: string): Promise<number> =>
  (await requestToken(at.service.url, id, secret)).status;

suite("carnet client change", () => {
  test("sets each setting with its flag, leaves the others unchanged, and resets it with an empty value", async () => {
    await at.service.register({ client_id: "changed", scope: "kept" });
    const unset = await show("changed");
    const flags: readonly (readonly [flag: string, value: string, member: keyof Client, becomes: unknown])[] = [
      ["--name", "A name", "client_name", "A name"],
      ["--username", "user", "username", "user"],
      ["--scope", "x y", "scope", "x y"],
      ["--scope-policy", "strict", "scope_policy", "strict"],
      ["--auth-method", "client_secret_basic", "token_endpoint_auth_method", "client_secret_basic"],
      ["--token-ttl", "120", "access_token_ttl", 120],
      ["--audience", "https://api.example.com", "audience", "https://api.example.com"],
      ["--expires-at", "2999-01-01", "expires_at", "2999-01-01T00:00:00.000Z"],
      ["--allow-ip", "10.0.0.0/8", "ip_allowlist", ["10.0.0.0/8"]],
      ["--label", "team=x", "labels", { team: "x" }],
      ["--claims", '{"tier":"gold"}', "claims", { tier: "gold" }],
    ];
    let before = unset;
    for (const [flag, value, member, becomes] of flags) {
      const changed = (await at.json(["client", "change", "changed", flag, value, "--yes"])) as Client;
      const { secrets: _, updated_at: __, ...rest } = changed;
      const { secrets: ___, updated_at: ____, ...expected } = { ...before, [member]: becomes };
      assert.deepEqual(rest, expected, flag);
      before = changed;
    }
    for (const [flag, , member] of flags) {
      const empty = flag === "--label" ? "team=" : "";
      const changed = (await at.json(["client", "change", "changed", flag, empty, "--yes"])) as Client;
      assert.deepEqual(changed[member], member === "scope" ? "" : unset[member], flag);
    }
  });

  test("shows the changed client as a table", async () => {
    await at.service.register({ client_id: "people" });
    const { code, stdout, stderr } = await at.carnet(["client", "change", "people", "--name", "Some people"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^client_id +people\nclient_name +Some people\n/);
  });

  test("asks before changing the username, because that revokes all secrets at once", async () => {
    const { clientSecret } = await at.service.register({ client_id: "user", username: "one" });
    const change = ["client", "change", "user", "--username", "two"];
    assertRefused(
      await at.carnet(change),
      /^carnet: A new username revokes all secrets and tokens of user at once\. Continue\? Nothing/,
    );
    assert.equal(await statusOf("user", clientSecret), 200);
    assert.equal((await at.carnet([...change, "--yes"])).code, 0);
    assert.equal(await statusOf("user", clientSecret), 401);
    assert.deepEqual(
      (await show("user")).secrets.map(({ state }) => state),
      ["revoked"],
    );
  });

  test("names the flag of each invalid value and changes nothing", async () => {
    await at.service.register({ client_id: "wrong", scope: "a" });
    const before = await show("wrong");
    const args = ["client", "change", "wrong", "--expires-at", "2000-01-01", "--audience", "a b", "--name", "new"];
    const refused = await at.carnet(args);
    assertRefused(refused, /^carnet: Refused, nothing was changed .*\n {2}--expires-at must .*\n {2}--audience must /s);
    assert.deepEqual(await show("wrong"), before);
  });

  test("is a usage error without a setting to change", async () => {
    const { code, stdout, stderr } = await at.carnet(["client", "change", "any"]);
    assert.match(stderr, /^error: nothing to change\. Name a setting, such as --scope\n/);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  });
});

suite("carnet client disable, enable and delete", () => {
  test("a disabled client is refused at once until it is enabled again", async () => {
    const { clientSecret } = await at.service.register({ client_id: "switched" });
    assertRefused(
      await at.carnet(["client", "disable", "switched"]),
      /^carnet: Disable switched\? It gets no more tokens/,
    );
    assert.equal(await statusOf("switched", clientSecret), 200, "nothing is done unasked");
    const disabled = (await at.json(["client", "disable", "switched", "--yes"])) as Client;
    assert.equal(disabled.status, "disabled");
    assert.equal(await statusOf("switched", clientSecret), 401);
    const { code, stdout } = await at.carnet(["client", "enable", "switched"]);
    assert.equal(code, 0);
    assert.match(stdout, /^status +active$/m);
    assert.equal(await statusOf("switched", clientSecret), 200);
  });

  test("without a terminal a client is deleted only with --yes", async () => {
    const { clientSecret } = await at.service.register({ client_id: "gone" });
    const without = await at.carnet(["client", "delete", "gone"], { input: "y\n" });
    assertRefused(
      without,
      /^carnet: Delete gone and its secrets permanently, and revoke its tokens\? Nothing was changed, .* --yes/,
    );
    assert.equal(await statusOf("gone", clientSecret), 200);
    assert.deepEqual(await at.carnet(["client", "delete", "gone", "--yes"]), {
      code: 0,
      signal: null,
      stdout: "",
      stderr: "Deleted gone.\n",
    });
    assert.equal(await statusOf("gone", clientSecret), 401);
    assertRefused(await at.carnet(["client", "delete", "gone", "--yes"]), /no client with this id is registered/);
  });

  test("a change that revokes or ends something first checks that its target exists, then asks", async () => {
    await at.service.register({ client_id: "asked" });
    const secret = (await show("asked")).secrets[0]?.secret_id ?? "";
    await at.carnet(["scope", "put", "asked:read", "x"]);
    const commands = [
      ["client", "change", "asked", "--username", "x"],
      ["client", "disable", "asked"],
      ["client", "delete", "asked"],
      ["secret", "revoke", "asked", secret],
      ["scope", "delete", "asked:read"],
    ];
    for (const args of commands) {
      const missing = args.map((word) => (word === "client" ? word : word.replace(/^asked/, "askew")));
      const refused = await at.carnet(missing, { terminal: true });
      assertRefused(refused, /^carnet: Refused: (no client with this id|the catalogue has no such scope)/);
      assert.doesNotMatch(refused.stderr, /\[y\/N\]/);
    }
    const unknown = await at.carnet(["secret", "revoke", "asked", "0000000000000000"], { terminal: true });
    assertRefused(unknown, /^carnet: Refused: the client has no secret with this id/);
    const { stderr } = await at.carnet(["client", "delete", "asked"], { terminal: true });
    assert.match(
      stderr,
      /^Delete asked and its secrets permanently, and revoke its tokens\? \[y\/N\] .*\ncarnet: Cancelled/s,
    );
  });

  test("an admin that may only write is asked without that check", async () => {
    const registration = { role: "admin", scope: "carnet:clients:write" };
    const { clientId, clientSecret } = await at.service.register(registration);
    const env = {
      CARNET_SERVER_URL: at.service.url,
      CARNET_ADMIN_CLIENT_ID: clientId,
      CARNET_ADMIN_CLIENT_SECRET: clientSecret,
    };
    const { stderr } = await at.carnet(["client", "delete", "asked"], { env, terminal: true });
    assert.match(stderr, /Cancelled\. Nothing was changed\.\n$/);
  });

  test("with --json prints what was deleted", async () => {
    await at.service.register({ client_id: "gone" });
    assert.deepEqual(await at.json(["client", "delete", "gone", "--yes"]), { deleted: { client_id: "gone" } });
  });

  test("each gives a next step for an unknown client", async () => {
    const commands = [
      ["client", "change", "nobody", "--name", "x"],
      ["client", "disable", "nobody", "--yes"],
      ["client", "enable", "nobody"],
      ["secret", "add", "nobody"],
      ["secret", "list", "nobody"],
      ["secret", "rotate", "nobody"],
      ["secret", "revoke", "nobody", "0000000000000000", "--yes"],
    ];
    const run = async (args: readonly string[]): Promise<void> =>
      assertRefused(
        await at.carnet(args),
        /no client with this id is registered \(request [\w-]+\)\.\nList the clients with `carnet client list`/,
      );
    await Promise.all(commands.map(run));
  });
});

test("the admin client can lock itself out only with --yes, and is told why afterwards", async () => {
  await using own = await startAdminService();
  assert.equal((await own.carnet(["admin", "create", "another", "--role", "admin", "--json"])).code, 0);
  assert.equal((await own.carnet(["client", "disable", "carnet-admin", "--yes"])).code, 0);
  const { code, stderr } = await runCommand(["client", "list"], { env: { CARNET_ADMIN_FILE: own.adminFile } });
  assert.equal(code, 1);
  assert.match(stderr, /invalid_client.*\n.* come from the admin file .*`carnet admin reset` creates new ones\.\n$/s);
});
