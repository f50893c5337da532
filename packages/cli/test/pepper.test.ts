import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { createMasterKey } from "@carnet/server/crypto/sealer";
import { DataKeys } from "@carnet/server/store/sql/data-keys";
import { createSqlPepperStore } from "@carnet/server/store/sql/peppers";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { assertRefused, startAdminService } from "./support/admin-service.ts";

/** The keys of all peppers of a service, as they could leak: in hex and in base64. */
async function pepperKeys(folder: string): Promise<readonly string[]> {
  const masterKey = Buffer.from(readFileSync(join(folder, "master.key"), "utf8"), "base64");
  const db = await openSqlite(join(folder, "carnet.db"));
  const sealer = new DataKeys(db, createMasterKey(createSecretKey(masterKey)));
  const store = createSqlPepperStore(db, { sealer, ...sqlitePorts(new FixedClock("2026-06-01T00:00:00Z")) });
  const keys: string[] = [];
  for (const { pepperId } of await store.list()) {
    const key = Buffer.from(await store.openPepper(pepperId));
    keys.push(key.toString("hex"), key.toString("base64").slice(0, 40), key.toString("base64url").slice(0, 40));
    keys.push(inspect(key).slice(8, 60), key.toString("latin1"));
  }
  await db.destroy();
  return keys;
}

suite("carnet pepper", () => {
  test("rotates the pepper, shows the progress, and lists the secrets that must still be used", async () => {
    const clock = new FixedClock(new Date().toISOString());
    await using at = await startAdminService({ clock });
    const { clientId, clientSecret } = await at.service.register({ client_id: "used" });
    await at.service.register({ client_id: "unused" });
    const none = await at.carnet(["pepper", "status"]);
    assert.match(none.stdout, /^PEPPER +STATE.*\nfirst +current .*never\n\nNo rotation is in progress\. /);
    assert.match((await at.carnet(["pepper", "status", "--unmoved"])).stdout, /^No secret has to move\.\n$/);
    const rotated = await at.carnet(["pepper", "rotate", "--deadline", "30d", "--yes"]);
    assert.equal(rotated.code, 0, rotated.stderr);
    const deadline = new Date(clock.now() + 30 * 86_400_000).toISOString();
    assert.ok(rotated.stdout.includes(deadline));
    assert.match(rotated.stderr, /`carnet pepper status --unmoved`/);
    clock.advance(61_000);
    await at.service.server.registry.hasher.catchUp();
    assert.equal((await requestToken(at.service.url, clientId, clientSecret)).status, 200);
    let status = Object(await at.json(["pepper", "status"]));
    // The service writes moves each second
    for (
      const end = performance.now() + 10_000;
      status.rotation.to_move > 1 && performance.now() < end;
      await pause(50)
    )
      status = Object(await at.json(["pepper", "status"]));
    assert.deepEqual(status.rotation, { deadline, moved: 2, to_move: 1 }, "the admin's secret has moved as well");
    assert.deepEqual(
      status.peppers.map(({ state }: { state: string }) => state),
      ["old", "current"],
    );
    const { secrets, next } = Object(await at.json(["pepper", "status", "--unmoved"]));
    assert.deepEqual(
      secrets.map(({ client_id }: { client_id: string }) => client_id),
      ["unused"],
    );
    assert.equal(next, null);
    assert.match((await at.carnet(["pepper", "status"])).stdout, /^moved +2 \(66 %\)\nstill to move +1\n/m);
    const shown = await at.carnet(["client", "show", "unused"]);
    assert.ok(shown.stdout.includes(`${deadline} unless used before`), shown.stdout);
    assert.match(shown.stdout, /^The secret \w+ expires at .*, within 30 days, unless it is used before\.$/m);
    const { stdout: listed } = await at.carnet(["client", "list"]);
    assert.match(listed, /^unused .* secret must be used within 30d$/m);
  });

  test("refuses a second rotation, a wrong deadline, and to go on without a confirmation", async () => {
    await using at = await startAdminService();
    assertRefused(await at.carnet(["pepper", "rotate"]), /within 90d from now ends\. .*Add --yes to confirm/s);
    const early = await at.carnet(["pepper", "rotate", "--deadline", "5m", "--yes"]);
    assert.deepEqual([early.code, /from 1h to 366d/.test(early.stderr)], [2, true], early.stderr);
    const stray = await at.carnet(["pepper", "status", "--limit", "3"]);
    assert.deepEqual([stray.code, /add --unmoved/.test(stray.stderr)], [2, true], stray.stderr);
    const help = await at.carnet(["pepper", "rotate", "--help"]);
    assert.match(help.stdout, /\(default: 90d\)/);
    assert.equal((await at.carnet(["pepper", "rotate", "--yes", "--json"])).code, 0);
    assertRefused(await at.carnet(["pepper", "rotate", "--yes"]), /until .*`carnet pepper status` shows the progress/s);
  });

  test("leaves one event that names the caller and the deadline, and no key of a pepper anywhere", async () => {
    await using at = await startAdminService();
    const rotated = await at.carnet(["pepper", "rotate", "--yes", "--json"]);
    const { clientId, clientSecret } = await at.service.register({});
    assert.equal((await requestToken(at.service.url, clientId, clientSecret)).status, 200);
    const events = at.service.journal().filter(({ event }) => event === "pepper_rotated");
    assert.equal(events.length, 1);
    const { actor, objects } = Object(events[0]);
    assert.equal(Object(actor).client_id, "carnet-admin");
    const [added, replaced] = Object(objects);
    assert.deepEqual([added.type, added.action, replaced.id], ["pepper", "created", "first"]);
    assert.match(replaced.changes.ends_at.after, /^\d{4}-/);
    const { server, log, folder } = at.service;
    const keys = await pepperKeys(folder);
    assert.equal(keys.length, 10);
    const written = [
      ...[rotated.stdout, rotated.stderr, log.join(""), JSON.stringify(at.service.journal())],
      ...[inspect(server, { depth: 12, showHidden: true }), inspect(server.registry.hasher, { showHidden: true })],
      JSON.stringify(process.report.getReport()),
    ].join("\n");
    for (const key of keys) assert.ok(!written.includes(key), "a pepper leaks");
  });
});
