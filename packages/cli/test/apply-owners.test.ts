import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Finished } from "@carnet/testkit/carnet-process";
import { assertRefused } from "./support/admin-service.ts";
import { apply, planOf, show, start, two } from "./support/apply.ts";
import { restrictedAdmin } from "./support/restricted-admin.ts";

suite("carnet apply, with several owners", () => {
  test("never changes clients of other owners, and changes nothing if the file names one", async () => {
    await using at = await start();
    await at.json(["owner", "create", "another-team"]);
    await at.service.register({ client_id: "foreign", client_name: "Mine" });
    await at.service.register({ client_id: "other", owner: "another-team", labels: { applied: "elsewhere" } });
    const ids = ["foreign", "other", "carnet-admin"];
    const state = async () => (await Promise.all(ids.map((id) => show(at, id)))).map(({ updated_at }) => updated_at);
    const before = await state();
    await apply(at, two, "--yes");
    const both = `${two}${ids.map((id) => `  - client_id: ${id}\n`).join("")}  - client_id: three\n`;
    const refused = await apply(at, both, "--yes");
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^x impossible foreign belongs to default$/m);
    assert.match(refused.stdout, /^x impossible other belongs to another-team$/m);
    assert.match(refused.stdout, /^x impossible carnet-admin is an admin client, which a file cannot have$/m);
    assert.match(
      refused.stderr,
      / are impossible, so nothing was changed\. .* `carnet client transfer CLIENT_ID --to platform`\.\n$/,
    );
    assert.equal((await apply(at, both, "--dry-run")).code, 1);
    assertRefused(await at.carnet(["client", "show", "three"]), /no client with this id/);
    assert.deepEqual(await state(), before);
    await at.json(["client", "transfer", "foreign", "--to", "platform", "--yes"]); // as the message says
    assert.deepEqual(await planOf(at, `${two}  - client_id: foreign\n`), ["adopt foreign"]);
  });

  test("leaves the owner's other clients alone, and adopts those that the file names", async () => {
    await using at = await start();
    await at.service.register({ client_id: "by-hand", owner: "platform", client_name: "Mine" });
    await at.service.register({ client_id: "admin", role: "auditor", labels: { applied: "x" } });
    assert.equal((await apply(at, two)).code, 0);
    assert.deepEqual([(await show(at, "by-hand")).status, (await show(at, "admin")).status], ["active", "active"]);
    const same = `${two}  - client_id: by-hand\n    client_name: Mine\n`;
    assert.deepEqual(await planOf(at, same), ["adopt by-hand"]);
    const { code, stdout } = await apply(at, same, "--yes");
    assert.equal(code, 0);
    assert.match(stdout, /^~ adopt {6}by-hand exists, and is managed by the file from now on\n1 to do/);
    assert.deepEqual(await planOf(at, same), []);
    assert.deepEqual(await planOf(at, two), ["disable by-hand"]);
  });

  test("does not disable a client that came from another owner's file", async () => {
    await using at = await start();
    await at.json(["owner", "create", "new-team", "--workspace", "*"]);
    await apply(at, two);
    await at.json(["client", "transfer", "one", "--to", "new-team", "--yes"]);
    assert.deepEqual(await planOf(at, "owner: new-team\nclients: []\n"), []);
    assert.deepEqual(await planOf(at, two), ["impossible one"]);
  });

  test("refuses a file for an owner that does not exist before any change, even in a dry run", async () => {
    await using at = await start();
    const file = two.replace("owner: platform", "owner: platfrom");
    for (const args of [[], ["--dry-run"]])
      assertRefused(
        await apply(at, file, ...args),
        /the owner platfrom, which does not exist\. Did you mean platform\? Nothing was changed\.\nCorrect `owner` .* `carnet owner create platfrom`\.\n$/,
      );
  });

  test("as a team's admin: refuses files of other owners, and does not tell who has an id", async () => {
    await using at = await start({ settings: { contact: "#iam" } });
    await at.json(["owner", "create", "another-team"]);
    await at.service.register({ client_id: "two", owner: "another-team" });
    const env = await restrictedAdmin(at, { role: "admin", role_owners: ["platform"] });
    const run = async (text: string, ...args: string[]): Promise<Finished> => {
      const file = join(at.service.folder, "clients.yaml");
      await writeFile(file, text);
      return at.carnet(["apply", "-f", file, ...args], { env });
    };
    for (const owner of ["another-team", "no-team"])
      assertRefused(
        await run(two.replace("platform", owner)),
        /is for the owner (\S+), but your role is bound to platform\. .*\n.*ask #iam for a role over \1\.\n$/,
      );
    const dry = await run(two, "--dry-run");
    assert.equal(dry.code, 0);
    assert.match(dry.stdout, /^\+ create {5}one\n\+ create {5}two\n/);
    assert.match(dry.stderr, /^carnet: You see only clients of platform\. .* refused when you apply\.\n$/s);
    const { code, stderr } = await run(two);
    assert.equal(code, 1);
    assert.match(stderr, /Refused: .*\nChoose another id\. .*\n1 of 2 steps were applied\. The step for "two" failed/s);
    assert.doesNotMatch(stderr, /another-team/);
  });

  test("refuses a role that may not change clients before the plan, which a dry run still shows", async () => {
    await using at = await start({ settings: { contact: "#iam" } });
    const env = await restrictedAdmin(at, { role: "operator", role_owners: ["platform"] });
    const file = join(at.service.folder, "clients.yaml");
    await writeFile(file, two);
    assertRefused(
      await at.carnet(["apply", "-f", file, "--yes"], { env }),
      /^carnet: Applying the file needs the role admin over platform and .* has the role operator over platform.*\nTo see the plan, add --dry-run\. For another role, ask #iam\.\n$/,
    );
    const dry = await at.carnet(["apply", "-f", file, "--dry-run"], { env });
    assert.equal(dry.code, 0);
    assert.match(dry.stdout, /^\+ create {5}one\n/);
  });

  test("gives no client an owner or a role of its own", async () => {
    await using at = await start();
    for (const member of ["owner: another-team", "role: admin", "role_owners: [platform]"]) {
      const { code, stderr } = await apply(at, `owner: platform\nclients:\n  - client_id: a\n    ${member}\n`);
      assert.equal(code, 1);
      assert.match(stderr, /clients\.0\.\w+ is not recognised/);
    }
  });
});
