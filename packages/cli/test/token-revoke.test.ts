import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { RevocationList, RevocationResult } from "@carnet/protocol/admin/revocations";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

/** A client with a token, and whether that token is still good. */
async function withToken(at: AdminService, client_id: string) {
  const { clientSecret } = await at.service.register({ client_id });
  const token: string = Object(await (await requestToken(at.service.url, client_id, clientSecret)).json()).access_token;
  const isGood = async (): Promise<boolean> => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${at.service.url}/oauth2/token`, { method: "POST", headers })).status === 200;
  };
  return { token, isGood };
}

const secretIdOf = async (at: AdminService, id: string): Promise<string> =>
  Object(await at.json(["secret", "list", id])).secrets[0].secret_id;

const soon =
  "This counts within 1 second at every process of the service, and within 2 seconds at every API with @carnet/guard";

suite("carnet token revoke", () => {
  test("revokes a token from standard input or as an argument, and says what happens next", async () => {
    await using at = await startAdminService();
    const [piped, given] = [await withToken(at, "piped"), await withToken(at, "given")];
    for (const [{ isGood }, args, input, id] of [
      [piped, ["-"], `${piped.token}\n`, "piped"],
      [given, [given.token], undefined, "given"],
    ] as const) {
      const { code, stdout, stderr } = await at.carnet(
        ["token", "revoke", ...args],
        input === undefined ? {} : { input },
      );
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
      const said = stderr.replaceAll("\n", " ");
      assert.ok(said.startsWith(`Revoked a token of ${id}. ${soon}`), stderr);
      assert.equal(await isGood(), false);
    }
  });

  test("says when nothing had to be revoked", async () => {
    await using at = await startAdminService();
    const { token } = await withToken(at, "c");
    const revoke = async (text: string) =>
      (await at.carnet(["token", "revoke", "-"], { input: `${text}\n` })).stderr.replaceAll("\n", " ");
    assert.match(await revoke(`${token}x`), /^Nothing had to be revoked: the token has expired, or /);
    await revoke(token);
    assert.equal(await revoke(token), "Nothing had to be revoked: the token is revoked already. ");
  });

  test("revokes the tokens of a client, of a secret, and from before a time", async () => {
    await using at = await startAdminService();
    for (const [id, args, said] of [
      ["all", [], "all tokens of all"],
      ["one", ["--secret"], "all tokens that one got with the secret"],
      ["old", ["--issued-before", "0s"], "all tokens of old from before"],
    ] as const) {
      const { isGood } = await withToken(at, id);
      const secret = args[0] === "--secret" ? [await secretIdOf(at, id)] : [];
      const { code, stderr } = await at.carnet(["token", "revoke", "--client", id, ...args, ...secret]);
      assert.equal(code, 0, stderr);
      assert.ok(stderr.replaceAll("\n", " ").startsWith(`Revoked ${said}`), stderr);
      assert.equal(await isGood(), false, id);
    }
  });

  test("asks before it revokes the tokens of all clients", async () => {
    await using at = await startAdminService();
    const revoke = ["token", "revoke", "--issued-before", "2026-01-01"];
    assertRefused(
      await at.carnet(revoke),
      /^carnet: Revoke the tokens of all clients that were issued before 2026-01-01\?/,
    );
    const asked = await at.json(["token", "revocations"]);
    assert.deepEqual((asked as RevocationList).revocations, []);
    const result = (await at.json([...revoke, "--yes"])) as RevocationResult;
    assert.deepEqual([result.revoked, result.kind, result.client_id], [true, "cut_off", null]);
  });

  test("refuses what cannot be combined as a usage error, without a service", async () => {
    await using at = await startAdminService();
    for (const [args, said] of [
      [[], /^error: name what to revoke: /],
      [["x", "--client", "c"], /^error: a token cannot be combined with /],
      [["--secret", "s"], /^error: --secret needs --client/],
      [["--client", "c", "--secret", "s", "--issued-before", "1h"], /^error: --secret cannot be combined/],
      [["--issued-before", "yesterday"], /--issued-before <time>' has an invalid value/],
    ] as const) {
      const env = { CARNET_ADMIN_FILE: "nowhere" };
      const { code, stdout, stderr } = await at.carnet(["token", "revoke", ...args], { env });
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, stderr);
      assert.match(stderr, said);
    }
  });

  test("names the flag of a refusal, and gives a next step", async () => {
    await using at = await startAdminService();
    const future = await at.carnet(["token", "revoke", "--client", "carnet-admin", "--issued-before", "2999-01-01"]);
    assertRefused(future, /\n {2}--issued-before must not be in the future/);
    const unknown = await at.carnet(["token", "revoke", "--client", "nobody"]);
    assertRefused(unknown, /^carnet: Refused: no client with this id is registered .*\nList what exists with /);
  });
});

suite("carnet token revocations", () => {
  test("lists what is revoked as a table, and in pages", async () => {
    await using at = await startAdminService();
    const empty = await at.carnet(["token", "revocations"]);
    assert.equal(empty.stdout, "Nothing is revoked. Revoke tokens with `carnet token revoke`.\n");
    const { token } = await withToken(at, "c");
    await at.json(["token", "revoke", token]);
    await at.json(["token", "revoke", "--client", "c"]);
    await at.json(["token", "revoke", "--client", "carnet-admin", "--issued-before", "1h"]);
    const { stdout } = await at.carnet(["token", "revocations"]);
    assert.match(stdout, /^REVOKED +CLIENT ID +REVOKED AT +KEPT UNTIL\nall tokens of the client +c +2/);
    assert.match(stdout, /\ntokens from before \S+ +carnet-admin /);
    const first = (await at.json(["token", "revocations", "--limit", "1"])) as RevocationList;
    const rest = (await at.json(["token", "revocations", "--cursor", first.next ?? ""])) as RevocationList;
    assert.deepEqual(
      [...first.revocations, ...rest.revocations].map(({ client_id }) => client_id),
      ["c", "carnet-admin"],
    );
    const ofClient = (await at.json(["token", "revocations", "--client", "c"])) as RevocationList;
    assert.equal(ofClient.revocations.length, 1);
  });
});

suite("carnet token", () => {
  test("has subcommands, and does not print a token that is given in their place", async () => {
    await using at = await startAdminService();
    const { token } = await withToken(at, "c");
    const { code, stdout, stderr } = await at.carnet(["token", token]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.ok(!stderr.includes(token.slice(0, 20)), stderr);
  });
});
