import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ClientList } from "@carnet/protocol/admin/clients";
import type { ClientUsage, UnknownCallers } from "@carnet/protocol/admin/usage";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { assertRefused, startAdminService } from "./support/admin-service.ts";

const day = 86_400_000;

suite("carnet client usage", () => {
  test("shows tokens by hour and day, refusals, scopes and addresses", async () => {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    await using at = await startAdminService({ clock });
    const app = await at.service.register({ client_id: "app", scope: "file:read file:write" });
    const ask = async (scope: string) => {
      const form = {
        grant_type: "client_credentials",
        client_id: app.clientId,
        client_secret: app.clientSecret,
        scope,
      };
      await fetch(`${at.service.url}/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
    };
    await ask("file:read");
    clock.advance(2 * day);
    await ask("file:read graph:read");
    await ask("file:read no:such:scope");
    await at.json(["client", "disable", "app", "--yes"]);
    await ask("file:read");
    const { code, stdout, stderr } = await at.carnet(["client", "usage", "app", "--days", "7"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(stdout.split("\n"), [
      "client_id       app",
      "since           2026-11-16T00:00:00.000Z",
      "issued          3",
      "returned        0",
      "introspected    0",
      "revoked         0",
      "refused         1",
      "last_issued_at  2026-11-23T12:00:00.000Z",
      "",
      "FROM                      PERIOD  ISSUED  RETURNED  INTROSPECTED  REFUSED",
      "2026-11-21T00:00:00.000Z  day     1       0         0             0",
      "2026-11-23T12:00:00.000Z  hour    2       0         0             1",
      "",
      "REFUSED BECAUSE  REQUESTS",
      "client_disabled  1",
      "",
      "SCOPE       ASKED  NOTE",
      "file:read   3      -",
      "file:write  0      never asked: candidate to remove",
      "graph:read  1      asked, but not registered",
      "",
      "ADDRESS    REQUESTS",
      "127.0.0.1  4",
      "",
      "1 request named a scope that neither the catalogue nor a client has.",
      "",
    ]);
    const usage = (await at.json(["client", "usage", "app"])) as ClientUsage;
    assert.deepEqual([usage.issued, usage.unused_scopes], [3, ["file:write"]]);
  });

  test("says so when the client was not used", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "idle" });
    const { stdout } = await at.carnet(["client", "usage", "idle", "--days", "1"]);
    assert.match(stdout, /^issued +0$/m);
    assert.match(stdout, /^last_issued_at +not in this time$/m);
    assert.doesNotMatch(stdout, /PERIOD|REQUESTS/);
  });

  test("is refused for an unknown client, and for a time that is too long", async () => {
    await using at = await startAdminService();
    assertRefused(await at.carnet(["client", "usage", "nobody"]), /no client with this id is registered/);
    const { code, stderr } = await at.carnet(["client", "usage", "nobody", "--days", "401"]);
    assert.equal(code, 2);
    assert.match(stderr, /--days.*from 1d to 400d/s);
  });
});

suite("carnet client list --unused", () => {
  test("finds clients that are older and got no token since, and shows the last use", async () => {
    const clock = new FixedClock("2026-08-01T12:00:00Z");
    await using at = await startAdminService({ clock });
    const never = await at.service.register({ client_id: "never" });
    const long = await at.service.register({ client_id: "long-ago" });
    const recent = await at.service.register({ client_id: "recent" });
    await requestToken(at.service.url, long.clientId, long.clientSecret);
    clock.advance(100 * day);
    await at.service.register({ client_id: "new" });
    await requestToken(at.service.url, recent.clientId, recent.clientSecret);
    await at.carnet(["client", "usage", "recent"]); // saves what was counted
    const { clients } = (await at.json(["client", "list", "--unused", "90d"])) as ClientList;
    const ids = clients.map(({ client_id }) => client_id);
    assert.ok(ids.includes(never.clientId) && ids.includes("long-ago"));
    assert.ok(!ids.includes("recent") && !ids.includes("new"));
    const { stdout } = await at.carnet(["client", "list", "--unused", "90d", "--search", "long"]);
    assert.match(stdout, /LAST USED\nlong-ago .* 2026-08-01T12:00:00.000Z\n$/);
    const none = await at.carnet(["client", "list", "--unused", "9999d"]);
    assert.match(
      none.stdout.replaceAll("\n", " "),
      /^No clients found: each that matches is newer than that, or used its secret since/,
    );
  });
});

suite("carnet audit unknown-callers", () => {
  test("lists the networks of unknown callers, and nothing that they sent", async () => {
    const clock = new FixedClock("2026-11-21T12:30:00Z");
    await using at = await startAdminService({ clock });
    const none = await at.carnet(["audit", "unknown-callers"]);
    assert.equal(none.stdout, "No request of an unknown client was refused since 2026-11-20T12:00:00.000Z.\n");
    for (let n = 0; n < 3; n++) await requestToken(at.service.url, "a-pasted-secret", "a-pasted-secret");
    const { code, stdout, stderr } = await at.carnet(["audit", "unknown-callers", "--days", "7"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(stdout.split("\n"), [
      "ADDRESS BLOCK  REFUSED  FIRST HOUR                LAST HOUR",
      "127.0.0.0/24   3        2026-11-21T12:00:00.000Z  2026-11-21T12:00:00.000Z",
      "",
    ]);
    const { blocks } = (await at.json(["audit", "unknown-callers"])) as UnknownCallers;
    assert.deepEqual(
      blocks.map(({ address_block, count }) => [address_block, count]),
      [["127.0.0.0/24", 3]],
    );
  });
});
