import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AddedSecret, Secret } from "@carnet/protocol/admin/clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type AdminService, assertRefused, generatedSecret, startAdminService } from "./support/admin-service.ts";

const secretsOf = async (at: AdminService, id: string): Promise<readonly Secret[]> =>
  ((await at.json(["secret", "list", id])) as { secrets: Secret[] }).secrets;

const statusOf = async (at: AdminService, id: string, secret: string): Promise<number> =>
  (await requestToken(at.service.url, id, secret)).status;

suite("carnet secret add", () => {
  test("shows the new secret once, and it works alongside the old one", async () => {
    await using at = await startAdminService();
    const { clientSecret } = await at.service.register({ client_id: "c" });
    const { code, stdout, stderr } = await at.carnet(["secret", "add", "c", "--label", "second"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(
      stdout,
      /^SECRET ID .*\n[a-z0-9]{16} +second +carnet_[a-z0-9]{16}_ +active .*\n\nThe new secret, shown only once/,
    );
    const shown = generatedSecret.exec(stdout)?.[0] ?? "";
    assert.deepEqual([await statusOf(at, "c", shown), await statusOf(at, "c", clientSecret)], [200, 200]);
    for (const { stdout: later } of [
      await at.carnet(["secret", "list", "c"]),
      await at.carnet(["client", "show", "c", "--json"]),
    ])
      assert.doesNotMatch(later, generatedSecret);
  });

  test("sets the label, the start and the expiry with flags", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    const args = ["--label", "l", "--not-before", "2998-01-01", "--expires-at", "2999-01-01T00:00:00Z"];
    const { client_secret = "", ...secret } = (await at.json(["secret", "add", "c", ...args])) as AddedSecret;
    assert.equal(secret.label, "l");
    assert.equal(secret.state, "pending");
    assert.equal(secret.not_before, "2998-01-01T00:00:00.000Z");
    assert.equal(secret.expires_at, "2999-01-01T00:00:00.000Z");
    assert.equal(await statusOf(at, "c", client_secret), 401);
    assert.deepEqual((await secretsOf(at, "c"))[1], secret);
  });

  test("reads an existing secret from standard input, and never shows it", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    const secret = "an existing secret of some length";
    const added = await at.carnet(["secret", "add", "c", "--secret-stdin"], { input: `${secret}\n` });
    assert.deepEqual({ code: added.code, stderr: added.stderr }, { code: 0, stderr: "" });
    assert.match(added.stdout, /\nThe secret that you gave is stored only as a keyed digest\.\n$/);
    assert.ok(!added.stdout.includes(secret));
    assert.equal(await statusOf(at, "c", secret), 200);
  });

  test("names the flag of each invalid field, and refuses an eleventh live secret", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    assertRefused(
      await at.carnet(["secret", "add", "c", "--expires-at", "2000-01-01", "--label", "tab\there"]),
      /^carnet: Refused, nothing was changed \(request .*\n {2}--label must .*\n {2}--expires-at must be in the future/,
    );
    for (let number = 2; number <= 10; number++) assert.equal((await at.carnet(["secret", "add", "c"])).code, 0);
    assertRefused(
      await at.carnet(["secret", "add", "c"]),
      /^carnet: Refused: the client has 10 live secrets, .*: revoke one first/,
    );
  });
});

suite("carnet secret rotate", () => {
  test("says by when callers must switch to the new secret", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    const byDefault = await at.carnet(["secret", "rotate", "c"]);
    assert.match(byDefault.stdout, /\nOlder secrets expire a day from now, or at their own expiry date/);
    const idle = await at.carnet(["secret", "rotate", "c", "--end-old-when-idle", "1h"]);
    assert.match(idle.stdout, /\nOlder secrets expire when unused for 1h, or at their own expiry date/);
  });

  test("keeps the old secret valid for a day, and no longer", async () => {
    const clock = new FixedClock("2026-03-01T00:00:00Z");
    await using at = await startAdminService({ clock });
    const { clientSecret } = await at.service.register({ client_id: "c" });
    const { client_secret = "" } = (await at.json(["secret", "rotate", "c"])) as AddedSecret;
    clock.set("2026-03-01T23:59:59Z");
    assert.deepEqual([await statusOf(at, "c", clientSecret), await statusOf(at, "c", client_secret)], [200, 200]);
    clock.set("2026-03-02T00:00:00Z");
    assert.deepEqual([await statusOf(at, "c", clientSecret), await statusOf(at, "c", client_secret)], [401, 200]);
  });

  test("expires the old secret at the given time", async () => {
    const clock = new FixedClock("2026-03-01T00:00:00Z");
    await using at = await startAdminService({ clock });
    const { clientSecret } = await at.service.register({ client_id: "c" });
    const rotated = await at.carnet(["secret", "rotate", "c", "--end-old-at", "2026-04-01", "--label", "April"]);
    assert.equal(rotated.code, 0);
    assert.match(
      rotated.stdout,
      /\nOlder secrets expire at 2026-04-01, or at their own expiry date .* `carnet secret list c`\.\n$/,
    );
    const [old, fresh] = await secretsOf(at, "c");
    assert.deepEqual([old?.expires_at, fresh?.label, fresh?.expires_at], ["2026-04-01T00:00:00.000Z", "April", null]);
    clock.set("2026-04-01T00:00:00Z");
    assert.equal(await statusOf(at, "c", clientSecret), 401);
  });

  test("expires the old secret after a given idle time", async () => {
    const clock = new FixedClock("2026-03-01T00:00:00Z");
    await using at = await startAdminService({ clock });
    const { clientSecret } = await at.service.register({ client_id: "c" });
    await at.json(["secret", "rotate", "c", "--end-old-when-idle", "1h"]);
    const { stdout } = await at.carnet(["secret", "list", "c"]);
    assert.match(stdout, / after 1h idle +never\n/);
    clock.set("2026-03-01T00:59:00Z");
    assert.equal(await statusOf(at, "c", clientSecret), 200);
    clock.set("2026-03-01T01:58:00Z");
    assert.equal(await statusOf(at, "c", clientSecret), 200, "a use starts the span anew");
    clock.set("2026-03-01T02:58:01Z");
    assert.equal(await statusOf(at, "c", clientSecret), 401);
  });

  test("accepts an idle time only as a duration, and only one kind of expiry", async () => {
    for (const [args, said] of [
      [["--end-old-when-idle", "1w"], /--end-old-when-idle .*It must be a duration from 1s to 90d/s],
      [["--end-old-when-idle", "0"], /It must be a duration from 1s to 90d/],
      [["--end-old-at", "2999-01-01", "--end-old-when-idle", "60"], /cannot be used with option/],
    ] as const) {
      await using at = await startAdminService();
      await at.service.register({ client_id: "c" });
      const { code, stdout, stderr } = await at.carnet(["secret", "rotate", "c", ...args]);
      assert.match(stderr, said);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
      assert.equal((await secretsOf(at, "c")).length, 1);
    }
  });

  test("names the flag of an expiry time in the past", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    assertRefused(
      await at.carnet(["secret", "rotate", "c", "--end-old-at", "2000-01-01"]),
      /\n {2}--end-old-at must be in the future: to end a secret at once, revoke it\n$/,
    );
  });
});

suite("carnet secret revoke", () => {
  test("revokes one secret at once, after confirmation", async () => {
    await using at = await startAdminService();
    const { clientSecret } = await at.service.register({ client_id: "c" });
    const [secret] = await secretsOf(at, "c");
    const revoke = ["secret", "revoke", "c", secret?.secret_id ?? ""];
    assertRefused(
      await at.carnet(revoke),
      /^carnet: Revoke the secret [a-z0-9]{16} of c\? Callers that use it are refused at once\./,
    );
    assert.equal(await statusOf(at, "c", clientSecret), 200);
    const { code, stdout, stderr } = await at.carnet([...revoke, "--yes"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
    assert.equal(
      stderr.replaceAll("\n", " "),
      `Revoked the secret ${secret?.secret_id}. Unless this is an admin client, its tokens stay valid until they expire. To revoke them: \`carnet token revoke --client c --secret ${secret?.secret_id}\`. `,
    );
    assert.equal(await statusOf(at, "c", clientSecret), 401);
    assert.equal((await secretsOf(at, "c"))[0]?.state, "revoked");
  });

  test("revokes or keeps the tokens of the secret as the flags say", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    const revoke = ["secret", "revoke", "c", (await secretsOf(at, "c"))[0]?.secret_id ?? "", "--yes"];
    const revocations = async () => Object(await at.json(["token", "revocations", "--client", "c"])).revocations.length;
    const kept = await at.carnet([...revoke, "--keep-tokens"]);
    assert.match(kept.stderr, /\. Its tokens stay valid until they expire\./);
    assert.equal(await revocations(), 0);
    const revoked = await at.carnet([...revoke, "--with-tokens"]);
    assert.match(revoked.stderr.replaceAll("\n", " "), /\. Its tokens are revoked as well\. This counts /);
    assert.equal(await revocations(), 1);
    assert.equal((await at.carnet([...revoke, "--with-tokens", "--keep-tokens"])).code, 2);
  });

  test("with --json prints what was revoked", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c" });
    const secret_id = (await secretsOf(at, "c"))[0]?.secret_id ?? "";
    const revoked = await at.json(["secret", "revoke", "c", secret_id, "--yes"]);
    assert.deepEqual(revoked, { revoked: { client_id: "c", secret_id } });
  });

  test("gives a next step for an unknown secret id, and does not print a secret typed in its place", async () => {
    await using at = await startAdminService();
    const { clientSecret } = await at.service.register({ client_id: "c" });
    for (const id of ["0000000000000000", clientSecret])
      assertRefused(
        await at.carnet(["secret", "revoke", "c", id, "--yes"]),
        /^carnet: Refused: the client has no secret with this id .*\nList the secrets with `carnet secret list c`\.\n$/,
      );
  });
});

suite("carnet secret list", () => {
  test("prints one line per row, whatever the label, and says how to add a secret if there are none", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "c", username: "a" });
    const label = `${"l".repeat(200)}東京`;
    await at.json(["secret", "add", "c", "--label", label]);
    const { stdout } = await at.carnet(["secret", "list", "c"]);
    assert.deepEqual(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.length < 200),
      [true, true, true],
    );
    assert.equal((await secretsOf(at, "c"))[1]?.label, label);
  });
});
