import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ClientList } from "@carnet/protocol/admin/clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

/** The listed ids, without the admin client that every service has. */
async function listed(at: AdminService, ...args: string[]): Promise<readonly string[]> {
  const { clients } = (await at.json(["client", "list", ...args])) as ClientList;
  return clients.map(({ client_id }) => client_id).filter((id) => id !== "carnet-admin");
}

suite("carnet client list", () => {
  test("shows a table sorted by id, and how to see the next page", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "b", client_name: "Büro 東京", scope: "x y" });
    await at.service.register({ client_id: "a", status: "disabled", expires_at: "2999-01-01" });
    await at.service.register({ client_id: "c" });
    const { code, stdout, stderr } = await at.carnet(["client", "list"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(stdout.split("\n"), [
      "CLIENT ID     NAME             OWNER    STATUS    SCOPE                                     EXPIRES                   LIVE SECRETS  WARNINGS",
      "a             -                default  disabled  (none)                                    2999-01-01T00:00:00.000Z  1             -",
      "b             Büro 東京        default  active    x y                                       never                     1             -",
      "c             -                default  active    (none)                                    never                     1             -",
      "carnet-admin  Bootstrap admin  -        active    carnet:clients:read carnet:clients:writ…  never                     1             -",
      "",
    ]);
    const first = await at.carnet(["client", "list", "--limit", "2"]);
    assert.match(first.stdout, /^CLIENT ID.*\na .*\nb .*\n$/);
    const cursor = /^There are more clients\. For the next page, add --cursor (\S+)\n$/.exec(first.stderr)?.[1] ?? "";
    const rest = await at.carnet(["client", "list", "--limit", "2", "--cursor", cursor]);
    assert.equal(rest.stderr, "");
    assert.match(rest.stdout, /^CLIENT ID.*\nc .*\ncarnet-admin .*\n$/);
  });

  test("with --json pages through all clients, each exactly once, with any ids", async () => {
    await using at = await startAdminService();
    const ids = ["~last", "A", "a b", "a'); drop table clients; --", "client-2", "client-10"];
    for (const client_id of ids) await at.service.register({ client_id });
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = (await at.json([
        "client",
        "list",
        "--limit=2",
        ...(cursor === undefined ? [] : [`--cursor=${cursor}`]),
      ])) as ClientList;
      assert.ok(page.clients.length <= 2);
      seen.push(...page.clients.map(({ client_id }) => client_id));
      cursor = page.next;
    }
    assert.deepEqual(seen, [...ids, "carnet-admin"].sort());
  });

  test("filters by text, status, scope, labels and expiry, and sorts in both directions", async () => {
    await using at = await startAdminService();
    const { register } = at.service;
    await register({ client_id: "one", client_name: "Nightly", scope: "a b", labels: { team: "x", env: "p" } });
    await register({ client_id: "two", username: "nightly-user", status: "disabled", labels: { team: "x" } });
    await register({ client_id: "three", scope: "b", expires_at: "2999-01-01" });
    const cases: readonly (readonly [args: readonly string[], found: readonly string[]])[] = [
      [
        ["--search", "NIGHTLY"],
        ["one", "two"],
      ],
      [["--status", "disabled"], ["two"]],
      [
        ["--scope", "b"],
        ["one", "three"],
      ],
      [
        ["--label", "team=x"],
        ["one", "two"],
      ],
      [["--label", "team=x", "--label", "env=p"], ["one"]],
      [
        ["--sort", "client_id"],
        ["one", "three", "two"],
      ],
      [["--sort=-client_id"], ["two", "three", "one"]],
      [["--ending-within", "9999"], []],
      [["--search", "nobody"], []],
    ];
    for (const [args, found] of cases) assert.deepEqual(await listed(at, ...args), found, args.join(" "));
  });

  test("warns of what expires soon, in list, in show and with --ending-within", async () => {
    const clock = new FixedClock("2026-03-01T00:00:00Z");
    await using at = await startAdminService({ clock });
    await at.service.register({ client_id: "soon", expires_at: "2026-03-11" });
    await at.service.register({ client_id: "later", expires_at: "2026-12-01" });
    // The command's own token must be valid on the service's clock, which differs from this machine's.
    assert.deepEqual(await listed(at, "--ending-within", "14"), ["soon"]);
    const { stdout } = await at.carnet(["client", "list"]);
    assert.match(stdout, /^soon .* client expires within 14d$/m);
    assert.match(stdout, /^later .* -$/m);
    const shown = await at.carnet(["client", "show", "soon"]);
    assert.match(shown.stdout, /\nThe client expires at 2026-03-11T00:00:00\.000Z, within 14 days\.\n$/);
  });

  test("gives a next step if no client is found, and with --json an empty list", async () => {
    await using at = await startAdminService();
    const { code, stdout } = await at.carnet(["client", "list", "--search", "nobody"]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^No clients found\. Remove filters, or register a client with `carnet client create --scope file:read`/,
    );
    assert.deepEqual(await at.json(["client", "list", "--search", "nobody"]), { clients: [], next: null });
  });

  test("refuses a cursor from another sort order, and names its flag", async () => {
    await using at = await startAdminService();
    assertRefused(
      await at.carnet(["client", "list", "--cursor", "abc"]),
      /^carnet: Refused \(request [\w-]+\):\n {2}--cursor is malformed or from another sort order: use `next` of/,
    );
  });

  test("prints each row on one line with aligned columns, whatever the values", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "i".repeat(200), client_name: `\u200bzero-width ${"n".repeat(230)}` });
    await at.service.register({ client_id: "many", scope: Array.from({ length: 60 }, (_, n) => `s:${n}`).join(" ") });
    const { stdout } = await at.carnet(["client", "list"]);
    const [head = "", ...rows] = stdout.trimEnd().split("\n");
    assert.equal(rows.length, 3);
    for (const row of rows) {
      assert.doesNotMatch(row, /\p{C}/u);
      assert.match(row.slice(head.indexOf("STATUS")), /^active /, "the columns stand below each other");
    }
    assert.ok(stdout.includes("i".repeat(200)), "an id is never cut: it is copied");
    assert.match(stdout, /n{5,}…/);
    const shown = await at.carnet(["client", "show", "i".repeat(200)]);
    assert.match(shown.stdout, /^client_name +.?zero-width n{230}$/m, "all of it is shown by itself");
    assert.doesNotMatch(shown.stdout.replaceAll("\n", ""), /\p{C}/u);
  });
});

suite("carnet client show", () => {
  test("shows everything about a client, including where its secret was last used, but no secret", async () => {
    await using at = await startAdminService();
    const made = await at.service.register({
      client_id: "shown",
      client_name: "Shown",
      scope: "x",
      access_token_ttl: 60,
    });
    assert.equal((await requestToken(at.service.url, "shown", made.clientSecret)).status, 200);
    const { code, stdout, stderr } = await at.carnet(["client", "show", "shown"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^client_id +shown\nclient_name +Shown\n/);
    assert.match(stdout, /^access_token_ttl +1m$/m);
    assert.match(
      stdout,
      /\n\nSECRET ID +LABEL +PREFIX +STATE +CREATED +EXPIRES +LAST USED\n[a-z0-9]{16} .*active .*from 127\.0\.0\.1\n$/,
    );
    assert.ok(!stdout.includes(made.clientSecret));
  });

  test("gives a next step for an unknown id, whatever it looks like", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "known" });
    for (const id of ["no:\u001b[31m", "KNOWN", "../scopes", "a/b?c=d#e", "%"]) {
      assertRefused(
        await at.carnet(["client", "show", id]),
        /^carnet: Refused: no client with this id is registered \(request [\w-]+\)\.\n(Did you mean known\? )?List .* with `carnet client list`/,
      );
    }
  });
});
