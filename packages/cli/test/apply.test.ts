import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { assertRefused, generatedSecret } from "./support/admin-service.ts";
import { apply, type Plan, planOf, show, start, two } from "./support/apply.ts";

suite("carnet apply", () => {
  test("registers the file's clients, shows each secret once, and does nothing the second time", async () => {
    await using at = await start();
    const first = await apply(at, two);
    assert.equal(first.code, 0);
    assert.equal(
      first.stderr,
      "\ncarnet: A new client has no scopes, so its tokens allow nothing: two. Add scopes with `carnet client change two --scope file:read`.\n",
    );
    assert.match(
      first.stdout,
      /^\+ create {5}one\n\+ create {5}two\n2 to do, 0 unchanged\.\n\nThe secret of one, shown/,
    );
    const secrets = [...first.stdout.matchAll(new RegExp(generatedSecret, "g"))].map(([secret]) => secret);
    assert.equal(secrets.length, 2);
    assert.equal((await requestToken(at.service.url, "one", secrets[0] ?? "")).status, 200);
    assert.equal((await requestToken(at.service.url, "two", secrets[1] ?? "")).status, 200);
    const one = await show(at, "one");
    assert.equal(one.workspace, "W1");
    assert.deepEqual([one.owner, one.labels["team"]], ["platform", "search"]);
    const again = await apply(at, two);
    assert.deepEqual(again, { code: 0, signal: null, stdout: "0 to do, 2 unchanged.\n", stderr: "" });
    assert.deepEqual(await show(at, "one"), { ...one, secrets: (await show(at, "one")).secrets });
  });

  test("changes settings to match the file and resets those it omits, with --yes if there is no terminal", async () => {
    await using at = await start();
    await apply(at, two);
    const changed = two
      .replace("client_name: One", "client_name: Uno")
      .replace("    access_token_ttl: 60\n", "    scope: x\n");
    assert.deepEqual(await planOf(at, changed), ["change one", "change two"]);
    const refused = await apply(at, changed);
    assert.match(
      refused.stderr,
      /^carnet: This changes or disables clients\. Continue\? Nothing was changed, .* --yes/,
    );
    assert.equal(refused.code, 1);
    const json = await apply(at, changed, "--json");
    assert.deepEqual([json.code, JSON.parse(json.stdout).steps.length], [1, 2]);
    assert.match(JSON.parse(json.stderr).error.message, /Add --yes to confirm/);
    assert.equal((await show(at, "one")).client_name, "One");
    const { code, stdout } = await apply(at, changed, "--yes");
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^~ change {5}one\n {15}client_name: One -> Uno\n~ change {5}two\n {15}scope: - -> x\n {15}access_token_ttl: 1m -> -\n/,
    );
    const [one, second] = [await show(at, "one"), await show(at, "two")];
    assert.deepEqual([one.client_name, second.scope, second.access_token_ttl], ["Uno", "x", null]);
    assert.deepEqual(await planOf(at, changed), []);
  });

  test("disables clients removed from the file, and enables only those when they return", async () => {
    await using at = await start();
    await apply(at, two);
    const one = two.slice(0, two.indexOf("  - client_id: two"));
    assert.deepEqual(await planOf(at, one), ["disable two"]);
    assert.match((await apply(at, one, "--yes")).stdout, /^- disable {4}two is no longer in the file\n/);
    assert.equal((await show(at, "two")).status, "disabled");
    assert.deepEqual(await planOf(at, one), []);
    assert.match((await apply(at, two, "--yes")).stdout, /\n {15}status: disabled -> active\n/);
    assert.equal((await show(at, "two")).status, "active");

    await at.json(["client", "disable", "two", "--yes"]); // By an operator, for example because it was stolen.
    await apply(at, two.replace("ttl: 60", "ttl: 61"), "--yes");
    const stolen = await show(at, "two");
    assert.deepEqual([stolen.status, stolen.access_token_ttl], ["disabled", 61]);
    const said = two.replace("ttl: 60", "ttl: 61\n    status: active");
    assert.deepEqual(await planOf(at, said), ["change two"], "unless the file says it");
  });

  test("with --json has the names of the admin API in its plan", async () => {
    await using at = await start();
    await apply(at, two);
    const { stdout } = await apply(at, two.replace("client_name: One", "client_name: Uno"), "--dry-run", "--json");
    const [step] = JSON.parse(stdout).steps;
    assert.deepEqual(Object.keys(step), ["kind", "client_id", "change", "differences"]);
    assert.deepEqual(step.differences, [{ member: "client_name", is: "One", should_be: "Uno" }]);
  });

  test("suggests the scope that was probably meant", async () => {
    await using at = await start({ settings: { scopeCatalogue: "closed" } });
    const { code, stderr } = await apply(at, "owner: platform\nclients:\n  - client_id: a\n    scope: file:raed\n");
    assert.equal(code, 1);
    assert.match(stderr, /\nDid you mean file:read\? List the scopes with `carnet scope list`\.\n0 of 1 steps/);
  });

  test("distinguishes drift from a change of the file, and reverts it", async () => {
    await using at = await start();
    await apply(at, two);
    await at.json(["client", "change", "one", "--scope", "file:read file:write", "--label", "more=1"]);
    assert.deepEqual(await planOf(at, two), ["drift one"]);
    const { stdout } = await apply(at, two, "--yes");
    assert.match(stdout, /^! drift {6}one was changed outside this file\n/);
    const one = await show(at, "one");
    assert.deepEqual([one.scope, one.labels["more"]], ["file:read", undefined]);
  });

  test("distinguishes new clients from those of other owners in a file of many clients", async () => {
    await using at = await start();
    await at.service.register({ client_id: "c7" });
    const many = Array.from({ length: 150 }, (_, n) => `  - client_id: c${n}\n`).join("");
    const plan = await planOf(at, `owner: platform\nclients:\n${many}`);
    assert.equal(plan.filter((step) => step.startsWith("create ")).length, 149);
    assert.ok(plan.includes("impossible c7"));
  });

  test("treats ids that differ only in case as two clients, as the service does", async () => {
    await using at = await start();
    const file = "owner: platform\nclients:\n  - client_id: orders\n  - client_id: Orders\n";
    assert.equal((await apply(at, file)).code, 0);
    assert.deepEqual(await planOf(at, file), []);
    const { stderr } = await apply(at, `${file}  - client_id: Orders\n`);
    assert.match(stderr, /names the client Orders again at line 5, column/);
  });

  test("refuses to change the workspace", async () => {
    await using at = await start();
    await apply(at, two);
    const { code, stdout } = await apply(at, two.replace("W1", "W2"), "--yes");
    assert.equal(code, 1);
    assert.match(stdout, /^x impossible one has another workspace, which cannot change$/m);
  });

  test("a dry run prints the plan, changes nothing and exits 0", async () => {
    await using at = await start();
    const { code, stdout, stderr } = await apply(at, two, "--dry-run");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^\+ create {5}one\n\+ create {5}two\n2 to do, 0 unchanged\.\n$/);
    assertRefused(await at.carnet(["client", "show", "one"]), /no client with this id/);
  });

  test("with --json prints the plan and the new secrets as one JSON document", async () => {
    await using at = await start();
    const { code, stdout, stderr } = await apply(at, two, "--json");
    assert.equal(code, 0);
    assert.match(stderr, /^\{"notice":\{"message":"A new client has no scopes.*"\}\}\n$/);
    const { steps, created = [] } = JSON.parse(stdout) as Plan;
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ["create", "create"],
    );
    assert.ok(!JSON.stringify(steps).includes("secret"), "no secret is part of a plan");
    for (const { client_id, client_secret = "" } of created)
      assert.equal((await requestToken(at.service.url, client_id, client_secret)).status, 200, client_id);
  });

  test("shows the created secrets even if a later client is refused, and continues after the fix", async () => {
    await using at = await start();
    const wrong = `${two}  - client_id: "three:"\n  - client_id: four\n`;
    const { code, stdout, stderr } = await apply(at, wrong);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /client_id .*no colon.*\n2 of 4 steps were applied\. The step for "three:" failed\. Fix it, then apply again/s,
    );
    const secret = generatedSecret.exec(stdout.slice(stdout.indexOf("secret of two")))?.[0] ?? "";
    assert.equal((await requestToken(at.service.url, "two", secret)).status, 200);
    assert.deepEqual(await planOf(at, wrong.replace("three:", "three")), ["create three", "create four"]);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`shows the created secrets even if interrupted by ${signal}, and continues the next time`, async () => {
      await using at = await start();
      const ids = Array.from({ length: 120 }, (_, number) => `many-${number}`);
      const file = join(at.service.folder, "many.yaml");
      await writeFile(file, `owner: platform\nclients:\n${ids.map((id) => `  - client_id: ${id}\n`).join("")}`);
      await using applying = new CarnetProcess(["apply", "-f", file], { env: { CARNET_ADMIN_FILE: at.adminFile } });
      while (!at.service.journal().some((event) => JSON.stringify(event).includes('"many-0"'))) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      applying.kill(signal);
      const { code, stdout, stderr } = await applying.finished();
      assert.equal(code, 1);
      const done = Number(/Interrupted after (\d+) of 120 steps/.exec(stderr)?.[1]);
      assert.ok(done > 0 && done < 120, stderr);
      const shown = [...stdout.matchAll(/The secret of (\S+), shown/g)].map(([, id]) => id);
      assert.deepEqual(shown, ids.slice(0, done));
      assert.equal((await at.carnet(["apply", "-f", file])).code, 0);
    });
  }

  test("leaves a client unchanged whose expiry date has passed", async () => {
    const clock = new FixedClock("2026-03-01T00:00:00Z");
    await using at = await start({ clock });
    const file = "owner: platform\nclients:\n  - client_id: ends\n    expires_at: 2026-04-01\n";
    await apply(at, file);
    clock.set("2026-05-01T00:00:00Z");
    assert.deepEqual(await planOf(at, file), []);
    assert.equal((await apply(at, `${file}    client_name: New\n`, "--yes")).code, 0);
  });

  test("reads standard input", async () => {
    await using at = await start();
    const { code, stdout } = await at.carnet(["apply", "-f", "-", "--dry-run"], { input: two });
    assert.equal(code, 0);
    assert.match(stdout, /2 to do/);
  });
});

suite("carnet export", () => {
  test("prints an owner's clients without secrets as a file that changes nothing when applied", async () => {
    await using at = await start();
    await apply(
      at,
      `${two}  - client_id: "null"\n    client_name: "yes"\n    status: disabled\n    scope_policy: strict\n`,
    );
    await at.service.register({ client_id: "foreign" });
    const { code, stdout, stderr } = await at.carnet(["export", "--owner", "platform"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.doesNotMatch(stdout, /secret|carnet_|foreign|applied|managed-by/);
    assert.match(stdout, /access_token_ttl: 1m\n/);
    assert.deepEqual(await planOf(at, stdout), []);
    await using fresh = await start();
    assert.deepEqual(await planOf(fresh, stdout), ["create null", "create one", "create two"]);
    assert.equal((await apply(fresh, stdout)).code, 0);
    assert.equal((await fresh.carnet(["export", "--owner", "platform"])).stdout, stdout);
  });

  test("leaves out admin clients, and says so if an owner has no clients", async () => {
    await using at = await start();
    await at.service.register({ client_id: "foreign" });
    await at.service.register({ client_id: "admin", role: "auditor" });
    assert.equal(
      (await at.carnet(["export", "--owner", "default"])).stdout,
      "owner: default\nclients:\n  - client_id: foreign\n",
    );
    const none = await at.carnet(["export", "--owner", "platform"]);
    assert.deepEqual(none, {
      code: 0,
      signal: null,
      stdout: "owner: platform\nclients: []\n",
      stderr: "platform has no clients.\n",
    });
    assertRefused(
      await at.carnet(["export", "--owner", "platfrom"]),
      /There is no owner platfrom, or it is none of yours\. Did you mean platform\?\n.*`carnet owner list`/,
    );
  });
});
