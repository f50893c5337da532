import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TeamsWorld } from "./support/teams-world.ts";

const mebibyte = 1024 * 1024;
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Long names, so that each text says as much as it can. */
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(3, "0")}${"x".repeat(80)}`);
const blocks = Array.from({ length: 100 }, (_, n) => `2001:db8:${(n + 0x1000).toString(16)}:1111:2222:3333::/112`);

const long = "y".repeat(255);
/** Breaks every line of the policy. */
const breaking = (n: number) => ({
  client_id: `app-${n}`,
  secret: { value: `imported-secret-${n}-0123456789` },
  owner: "payments",
  scope: "search:read",
  ip_allowlist: ["192.0.2.0/24"],
  access_token_ttl: 86_400,
  audience: `https://a.test/${long.slice(16)}`,
  workspace: long,
  username: long,
});

describe("the bounds of an import", () => {
  let world: TeamsWorld;
  let as: TeamsWorld["as"];
  before(async () => {
    world = await TeamsWorld.start();
    ({ as } = world);
    const scopes = names("s", 40);
    for (const scope of scopes)
      await as("carnet-admin", 200, "PUT", `/scopes/${scope}`, { body: { description: "Many" } });
    const policy = {
      ...{ scope: scopes.join(" "), ip_allowlist: blocks, max_token_ttl: 60, secrets_must_expire: true },
      ...{ audiences: names("a", 100), workspaces: names("ж", 100), usernames: names("ж", 100) },
    };
    await as("carnet-admin", 200, "PATCH", "/owners/payments", { body: { policy } });
  });
  after(() => world[Symbol.asyncDispose]());

  it("answers at most 1 MiB of reasons, whatever the policy says about each client", async () => {
    const clients = Array.from({ length: 500 }, (_, n) => breaking(n));
    const { json, requestId } = await as("pay-admin", 200, "POST", "/clients/import", { body: { clients } });
    const failed: readonly { problem: string; errors: readonly unknown[] }[] = Object(json["failed"]);
    assert.equal(failed.length, 500);
    const [first, last] = [failed[0] ?? assert.fail(), failed.at(-1) ?? assert.fail()];
    assert.equal(first.errors.length, 7);
    assert.match(last.problem, /^was refused; the answer has no room for more reasons/);
    assert.ok(bytesOf(json) < 1.2 * mebibyte, `${bytesOf(json)} bytes`);
    const event = world.eventOf(requestId);
    assert.ok(bytesOf(event) < 2000, `${bytesOf(event)} bytes`);
  });

  it("records at most the settings of each client and what the policy fills in", async () => {
    const clients = Array.from({ length: 500 }, (_, n) => ({
      client_id: `import-${n}`,
      secret: { value: `imported-secret-${n}-0123456789`, expires_at: "2027-01-31T00:00:00Z" },
    }));
    const { json, requestId } = await as("pay-admin", 200, "POST", "/clients/import", { body: { clients } });
    assert.equal(json["imported"], 500);
    const filledIn = bytesOf(blocks) + 1500; // the blocks of the policy, and the names and values of the other fields
    assert.ok(bytesOf(world.eventOf(requestId)) < 500 * filledIn, `${bytesOf(world.eventOf(requestId))} bytes`);
  });

  it("tells the operator how many clients each rule refused, without their names", async () => {
    const good = {
      client_id: "good",
      secret: { value: "imported-secret-good-0123456789", expires_at: "2027-01-31T00:00:00Z" },
    };
    const many = Array.from({ length: 120 }, (_, n) => ({ ...breaking(n), client_id: `planted-${n}` }));
    const others = [
      { ...good, client_id: "planted-a", owner: "search" },
      { ...good, client_id: "search-api" },
      { ...good, client_id: "planted-b", scope: "carnet:introspect" },
    ];
    const clients = [...others, ...many, good];
    for (const [query, outcome] of [
      ["?dry_run=true", "dry_run"],
      ["", "success"],
    ] as const) {
      const { json, requestId } = await as("pay-admin", 200, "POST", `/clients/import${query}`, { body: { clients } });
      assert.ok(!JSON.stringify(json).includes("unknown_owner"));
      const event = world.eventOf(requestId);
      assert.deepEqual([event.event, event["outcome"]], ["clients_imported", outcome]);
      assert.deepEqual(event["refused"], [
        { reason: "invalid", rule: "unknown_owner", count: 1, positions: [0] },
        { reason: "taken", rule: null, count: 1, positions: [1] },
        { reason: "policy", rule: "carnet_scope", count: 1, positions: [2] },
        { reason: "policy", rule: "policy", count: 120, positions: Array.from({ length: 97 }, (_, n) => n + 3) },
      ]);
      assert.doesNotMatch(JSON.stringify(event), /planted/);
    }
  });
});
