import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Client, ClientList, CreatedClient } from "@carnet/protocol/admin/clients";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";
import { restrictedAdmin } from "./support/restricted-admin.ts";

suite("clients and their owners", () => {
  let at: AdminService;
  let team: Readonly<Record<string, string>>;
  before(async () => {
    at = await startAdminService();
    await at.json(["owner", "create", "payments", "--contact", "pay@example.com", "--scope", "file:read"]);
    await at.json(["owner", "create", "search"]);
    team = await restrictedAdmin(at, { client_id: "pay-admin", role: "admin", role_owners: ["payments"] });
  });
  after(() => at[Symbol.asyncDispose]());

  test("client create --owner gives it an owner, which show and list say", async () => {
    const created = (await at.json(["client", "create", "--client-id", "app", "--owner", "payments"])) as CreatedClient;
    assert.equal(created.owner, "payments");
    assert.match((await at.carnet(["client", "show", "app"])).stdout, /^owner +payments$/m);
    assert.match((await at.carnet(["client", "list"])).stdout, /^app +- +payments +active/m);
  });

  test("client list --owner lists the clients of an owner, and a team's admin sees only those", async () => {
    await at.service.register({ client_id: "listed", owner: "search" });
    const listed = async (...args: string[]): Promise<readonly string[]> => {
      const env = args.includes("team") ? team : {};
      const { clients } = (await at.json(["client", "list", ...args.filter((word) => word !== "team")], {
        env,
      })) as ClientList;
      return clients.map(({ client_id }) => client_id);
    };
    assert.deepEqual(await listed("--owner", "search"), ["listed"]);
    assert.ok(!(await listed("team")).includes("listed"));
    assert.deepEqual(await listed("--owner", "default"), [], "carnet-admin belongs to no owner");
    assertRefused(
      await at.carnet(["client", "list", "--owner", "serch"]),
      /There is no owner serch, or it is none of yours\. Did you mean search\?\n.*`carnet owner list`/,
    );
    assertRefused(
      await at.carnet(["client", "list", "--owner", "search"], { env: team }),
      /There is no owner search, or it is none of yours\.\nList/,
    );
  });

  test("client create names the flag that a policy refuses, the policy, and whom to ask", async () => {
    for (const env of [{}, team])
      assertRefused(
        await at.carnet(["client", "create", "--owner", "payments", "--scope", "file:write"], { env }),
        /\n {2}--scope must not have file:write.*\nSee the whole policy with `carnet owner show payments`\. A platform admin changes it with `carnet owner change payments`: ask pay@example\.com\.\n$/s,
      );
  });

  test("client create --secret-expires-at sets the end of the secret, which a policy can demand", async () => {
    await at.json(["owner", "create", "strict", "--secrets-must-expire"]);
    assertRefused(
      await at.carnet(["client", "create", "--owner", "strict"]),
      /\n {2}--secret-expires-at must be given.*`carnet owner show strict`/s,
    );
    const args = ["client", "create", "--owner", "strict", "--secret-expires-at", "2999-01-01"];
    const { secrets } = (await at.json(args)) as CreatedClient;
    assert.equal(secrets[0]?.expires_at, "2999-01-01T00:00:00.000Z");
  });

  test("client create refuses an unknown owner with the next step", async () => {
    assertRefused(
      await at.carnet(["client", "create", "--owner", "serach"]),
      /\n {2}--owner has serach, which is no owner\. Did you mean search\?\n.*`carnet owner list`\. Create one with `carnet owner create NAME`\.\n$/s,
    );
  });

  test("a team's admin that names no owner of its own learns which it can name", async () => {
    await at.json(["owner", "create", "fleet"]);
    const both = { client_id: "both-admin", role: "admin", role_owners: ["fleet", "payments"] } as const;
    const env = await restrictedAdmin(at, both);
    await at.service.register({ client_id: "fleet-app", owner: "fleet" });
    assertRefused(
      await at.carnet(["client", "create", "--client-id", "x"], { env }),
      /\n {2}--owner is needed: your role is bound to fleet and payments\.\n/,
    );
    for (const [args, flag] of [
      [["client", "create", "--owner", "flet"], "--owner"],
      [["client", "transfer", "fleet-app", "--yes", "--to", "flet"], "--to"],
    ] as const)
      assertRefused(
        await at.carnet([...args], { env }),
        new RegExp(
          `\\n {2}${flag} has flet, which is no owner, or none of yours\\. Did you mean fleet\\?\\n.*A platform admin creates an owner`,
          "s",
        ),
      );
    const hidden = await at.carnet(["client", "create", "--owner", "serch"], { env });
    assertRefused(hidden, /--owner has serch, which is no owner, or none of yours\.\n/); // search is not its own
  });

  test("client create for the admin API says how to create an admin client", async () => {
    for (const args of [
      ["--audience", "urn:carnet:admin"],
      ["--scope", "carnet:clients:read"],
    ])
      assertRefused(await at.carnet(["client", "create", ...args]), /`carnet admin create ID --role auditor`\.\n$/);
  });

  test("client transfer gives a client to another owner, after a confirmation", async () => {
    await at.service.register({ client_id: "moving", owner: "payments" });
    const args = ["client", "transfer", "moving", "--to", "search"];
    assertRefused(await at.carnet(args), /^carnet: Transfer moving to search\? .* Add --yes/s);
    const { code, stdout } = await at.carnet([...args, "--yes"]);
    assert.equal(code, 0);
    assert.match(stdout, /^owner +search$/m);
    assertRefused(await at.carnet(["client", "show", "moving"], { env: team }), /no client with this id/);
    const back = (await at.json(["client", "transfer", "moving", "--to", "payments", "--yes"])) as Client;
    assert.equal(back.owner, "payments");
  });

  test("client transfer refuses an admin client, which belongs to no owner", async () => {
    const { owner, ...admin } = (await at.json(["client", "show", "pay-admin"])) as Client;
    assert.equal(owner, null);
    assertRefused(
      await at.carnet(["client", "transfer", "pay-admin", "--to", "search", "--yes"]),
      /\n {2}--to cannot be set on an admin client, which belongs to no owner: its role is bound to owners with role_owners\n/,
    );
    const { owner: still, ...same } = (await at.json(["client", "show", "pay-admin"])) as Client;
    assert.deepEqual([still, same.updated_at], [null, admin.updated_at]);
    assert.match((await at.carnet(["client", "show", "pay-admin"])).stdout, /^owner +-$/m);
  });

  test("client transfer shows what the new policy refuses, and changes nothing", async () => {
    await at.service.register({ client_id: "wide", owner: "search", scope: "file:read file:write" });
    assertRefused(
      await at.carnet(["client", "transfer", "wide", "--to", "payments", "--yes"]),
      /nothing was changed.*\n {2}scope must not have file:write.*\nCorrect the client first: `carnet client change wide`\. .*`carnet owner show payments`/s,
    );
    await at.json(["owner", "create", "short", "--max-token-ttl", "2m", "--max-secret-age", "90d"]);
    const { stderr } = await at.carnet(["client", "transfer", "wide", "--to", "short", "--yes"]);
    assert.match(
      stderr,
      /\n {2}access_token_ttl must be at most 2m\n {2}secret\.expires_at must be at most 90d after the secret was made\nCorrect the client first: `carnet client change wide`, and `carnet secret rotate wide`, then `carnet secret revoke`/,
    );
    assert.equal(((await at.json(["client", "show", "wide"])) as Client).owner, "search");
    assertRefused(
      await at.carnet(["client", "transfer", "wide", "--to", "nobody", "--yes"]),
      /\n {2}--to has nobody, which is no owner/,
    );
    await at.service.register({ client_id: "ours", owner: "payments" });
    assertRefused(
      await at.carnet(["client", "transfer", "ours", "--to", "search", "--yes"], { env: team }),
      /\n {2}--to has search, which is no owner, or none of yours/,
    );
  });
});
