import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestService } from "@carnet/testkit/service";
import { tokenOf } from "../support/admin-api.ts";
import { type Found, TeamsWorld, told } from "./support/teams-world.ts";

describe("the audit trail of teams", () => {
  let world: TeamsWorld;
  let as: TeamsWorld["as"];
  let eventOf: TeamsWorld["eventOf"];
  let search: TeamsWorld["search"];
  let seesRequest: TeamsWorld["seesRequest"];
  let service: TestService;
  before(async () => {
    world = await TeamsWorld.start();
    ({ as, eventOf, search, seesRequest, service } = world);
  });
  after(() => world[Symbol.asyncDispose]());

  it("names the role and the owner under which something was done", async () => {
    const made = await as("pay-admin", 201, "POST", "/clients", { body: { client_id: "made", owner: "payments" } });
    const same = await as("pay-operator", 200, "POST", "/clients/made/enable");
    const replayed = await as("pay-admin", 200, "PATCH", "/clients/made", { body: { client_name: "Made" } });
    const byPlatform = await as("carnet-admin", 204, "DELETE", "/clients/made");
    for (const [{ requestId }, role] of [
      [made, { name: "admin", owners: ["payments"] }],
      [same, { name: "operator", owners: ["payments"] }],
      [replayed, { name: "admin", owners: ["payments"] }],
      [byPlatform, { name: "admin", owners: null }],
    ] as const) {
      const event = eventOf(requestId);
      assert.deepEqual([event["role"], event.objects?.[0]?.owner], [role, "payments"]);
    }
  });

  it("names the rule that refused, the role and the true target, and the caller is not told of the rule", async () => {
    const body = { client_id: "never", owner: "payments" };
    for (const [caller, status, method, path, call, expected] of [
      ["pay-operator", 403, "DELETE", "/clients/pay-api", {}, ["role", "pay-api", "payments"]],
      ["pay-operator", 403, "GET", "/audit/events", {}, ["role", null, null]],
      ["pay-auditor", 403, "GET", "/audit/export", {}, ["all_owners", null, null]],
      ["pay-admin", 403, "PUT", "/scopes/pay:read", { body: { description: "" } }, ["all_owners", "pay:read", null]],
      ["pay-admin", 404, "DELETE", "/clients/search-api", {}, ["foreign_owner", "search-api", "search"]],
      ["pay-admin", 404, "DELETE", "/clients/nobody", {}, [null, null, null]],
      ["pay-admin", 404, "DELETE", "/clients/search-admin", {}, ["foreign_owner", "search-admin", "default"]],
      [
        "pay-admin",
        403,
        "POST",
        "/clients",
        { body: { client_id: "never", role: "auditor" } },
        ["admin_client", null, null],
      ],
      ["pay-admin", 422, "POST", "/clients", { body: { ...body, owner: "search" } }, ["unknown_owner", null, null]],
      ["pay-admin", 403, "POST", "/clients", { body: { ...body, scope: "search:read" } }, ["policy", null, null]],
      ["pay-admin", 422, "PATCH", "/clients/pay-api", { body: { status: 1 } }, [null, "pay-api", "payments"]],
    ] as const) {
      const refused = await as(caller, status, method, path, call);
      const event = eventOf(refused.requestId);
      const { rule, target, target_owner, role } = event;
      assert.deepEqual([event.event, rule, target, target_owner], ["admin_refused", ...expected], path);
      assert.deepEqual(role, { name: caller.slice(4), owners: ["payments"] });
      assert.ok(!("rule" in refused.json));
      assert.doesNotMatch(JSON.stringify(refused.json), /foreign_owner|unknown_owner/);
    }
  });

  it("names the role of a caller whose token lacks the scope", async () => {
    const reader = { role: "admin", role_owners: ["payments"], scope: "carnet:clients:read" } as const;
    const token = await tokenOf(service, await service.register(reader));
    world.tokens.set("pay-reader", token);
    const { requestId } = await as("pay-reader", 403, "POST", "/clients", { body: {} });
    const { reason, rule, role } = eventOf(requestId);
    assert.deepEqual([reason, rule, role], ["insufficient_scope", null, { name: "admin", owners: ["payments"] }]);
  });

  it("leaves no event for the read of a foreign client", async () => {
    const { requestId } = await as("pay-admin", 404, "GET", "/clients/search-api");
    assert.deepEqual(
      service.journal().filter(({ request_id }) => request_id === requestId),
      [],
    );
  });

  it("shows a team what happened to its clients, whoever did it, and nothing else", async () => {
    const requests = {
      own: await as("pay-admin", 200, "PATCH", "/clients/pay-api", { body: { client_name: "Payments" } }),
      ofPlatform: await as("carnet-admin", 200, "PATCH", "/clients/pay-api", { body: { client_name: "Pay" } }),
      attacked: await as("search-admin", 404, "DELETE", "/clients/pay-api"),
      foreign: await as("search-admin", 200, "PATCH", "/clients/search-api", { body: { client_name: "Search" } }),
      ofScopes: await as("carnet-admin", 200, "PUT", "/scopes/other", { body: { description: "Other" } }),
      ofAdmins: await as("carnet-admin", 200, "PATCH", "/clients/pay-operator", { body: { client_name: "Op" } }),
    };
    const seen = await Promise.all(
      Object.entries(requests).map(async ([name, request]) => [name, await seesRequest("pay-auditor", request)]),
    );
    assert.deepEqual(Object.fromEntries(seen), {
      ...{ own: true, ofPlatform: true, attacked: true },
      ...{ foreign: false, ofScopes: false, ofAdmins: false },
    });
    const text = JSON.stringify(await search("pay-auditor"));
    assert.match(text, /pay-api/);
    assert.doesNotMatch(text, /search-api|service_started/);
    assert.equal(Object(await search("carnet-admin", `&request_id=${requests.foreign.requestId}`)).length, 1);
  });

  it("shows a team what happened to its clients that are gone, but not to admin clients that are gone", async () => {
    const make = (body: object) => as("carnet-admin", 201, "POST", "/clients", { body });
    await make({ client_id: "pay-gone", owner: "payments" });
    await make({ client_id: "gone-admin", role: "auditor", role_owners: ["payments"] });
    await make({ client_id: "search-gone", owner: "search" });
    const moved = "moved-gone";
    await make({ client_id: moved, owner: "search" });
    await as("carnet-admin", 200, "PATCH", `/clients/${moved}`, { body: { owner: "payments" } });
    const ids = ["pay-gone", "gone-admin", "search-gone", moved];
    for (const id of ids) await as("carnet-admin", 200, "POST", `/clients/${id}/enable`);
    for (const id of ids) await as("carnet-admin", 204, "DELETE", `/clients/${id}`);
    const kindsOf = async (id: string) =>
      (await search("pay-auditor", `&client_id=${id}`)).map(({ event }) => event).toSorted();
    assert.deepEqual(await kindsOf("pay-gone"), ["client_created", "client_deleted", "client_enabled"]);
    assert.deepEqual(await kindsOf(moved), ["client_changed", "client_deleted", "client_enabled"]);
    assert.deepEqual([await kindsOf("gone-admin"), await kindsOf("search-gone")], [[], []]);
    assert.equal((await search("carnet-admin", "&client_id=gone-admin")).length, 3);
    const all = JSON.stringify(await search("pay-auditor"));
    assert.match(all, /pay-gone/);
    assert.doesNotMatch(all, /gone-admin|search-gone/);
    await make({ client_id: "pay-gone", owner: "search" }); // another team has the id now
    assert.deepEqual(await kindsOf("pay-gone"), []);
  });

  it("shows a team the token requests of its clients only", async () => {
    const client = async (client_id: string, owner: string): Promise<string> => {
      const { json } = await as("carnet-admin", 201, "POST", "/clients", { body: { client_id, owner } });
      await tokenOf(service, { clientId: client_id, clientSecret: String(json["client_secret"]) });
      const wrong = { grant_type: "client_credentials", client_id, client_secret: `wrong-secret-of-${client_id}` };
      const refused = await fetch(`${service.url}/oauth2/token`, { method: "POST", body: new URLSearchParams(wrong) });
      assert.equal(refused.status, 401);
      return client_id;
    };
    const [own, foreign] = [await client("pay-tokens", "payments"), await client("search-tokens", "search")];
    await as("carnet-admin", 200, "GET", `/clients/${own}/usage`); // stores the refusals that name the client
    const kinds = "&event=token_issued&event=token_refused";
    const seen = await search("pay-auditor", `&client_id=${own}${kinds}`);
    assert.deepEqual(seen.map(({ event }) => event).toSorted(), ["token_issued", "token_refused"]);
    for (const query of [`&client_id=${foreign}${kinds}`, `&actor=${foreign}`, "&actor=nobody"])
      assert.deepEqual(await search("pay-auditor", query), [], query);
    assert.doesNotMatch(JSON.stringify(await search("pay-auditor", kinds)), /search-/);
  });

  it("shows a transfer to the team that gets the client, without the team that it came from", async () => {
    await as("search-admin", 201, "POST", "/clients", { body: { client_id: "received", owner: "search" } });
    const { requestId } = await as("both-admin", 200, "PATCH", "/clients/received", { body: { owner: "payments" } });
    const [event] = await search("pay-auditor", `&request_id=${requestId}`);
    assert.equal(event?.event, "client_changed");
    assert.doesNotMatch(JSON.stringify(event), /search/);
    const [whole] = await search("carnet-admin", `&request_id=${requestId}`);
    assert.match(JSON.stringify(whole), /"owner":\{"before":"search","after":"payments"\}/);
  });

  it("hides from a caller whether the target of its own refused call exists", async () => {
    const [foreign, none] = [
      await as("pay-admin", 404, "DELETE", "/clients/search-api"),
      await as("pay-admin", 404, "DELETE", "/clients/nobody"),
    ];
    const views = await Promise.all(
      [foreign, none].map(async ({ requestId }) => {
        const [event] = await search("pay-admin", `&request_id=${requestId}`);
        const explained = (await as("pay-admin", 200, "GET", `/explain?request_id=${requestId}`)).json;
        const { id, time, request_id, ...rest } = Object(event);
        return JSON.stringify([rest, explained["why"], explained["next"], Object(explained["event"]).target]);
      }),
    );
    assert.equal(views[0], views[1]);
    const [whole] = await search("carnet-admin", `&request_id=${foreign.requestId}`);
    assert.deepEqual([whole?.["target"], whole?.["rule"]], ["search-api", "foreign_owner"]);
    const explained = await as("carnet-admin", 200, "GET", `/explain?request_id=${foreign.requestId}`);
    assert.match(
      String(explained.json["why"]),
      /; the rule foreign_owner refused it, and the caller is admin of payments; search-api belongs to the owner search, and does not exist for callers over other owners$/,
    );
    const [transfer, ask, ...more] = Object(explained.json["next"]);
    assert.match(transfer, /a platform admin transfers it: `carnet client transfer search-api --to payments`$/);
    assert.match(ask, /^else ask the contact of search: #search$/);
    assert.deepEqual(more, []);
    const ofAdmin = await as("pay-admin", 404, "DELETE", "/clients/search-admin");
    const other = await as("carnet-admin", 200, "GET", `/explain?request_id=${ofAdmin.requestId}`);
    assert.match(String(other.json["why"]), /; search-admin is an admin client, and exists only for callers over all/);
  });

  it("names the owner and the contact in members of the problem", async () => {
    const body = { client_id: "never", owner: "payments", scope: "search:read" };
    const { json } = await as("pay-admin", 403, "POST", "/clients", { body });
    assert.deepEqual([json["owner"], json["contact"]], ["payments", "#payments"]);
    const { json: role } = await as("pay-operator", 403, "DELETE", "/clients/pay-api");
    assert.deepEqual([role["owner"], role["contact"]], [undefined, "a platform admin"]);
  });

  it("tells the team whose client was asked for who tried it, without the owners of that caller", async () => {
    const tried = await as("pay-admin", 404, "DELETE", "/clients/search-api");
    const { why } = (await as("search-admin", 200, "GET", `/explain?request_id=${tried.requestId}`)).json;
    assert.match(String(why), /and the caller is admin of other owners; search-api belongs to the owner search/);
    assert.doesNotMatch(String(why), /payments/);
  });

  it("shows only the caller's own owners of the one who acted", async () => {
    const change = await as("both-admin", 200, "PATCH", "/clients/pay-api", { body: { client_name: "Both" } });
    const refused = await as("both-admin", 403, "PATCH", "/clients/pay-api", { body: { scope: "search:read" } });
    for (const { requestId } of [change, refused]) {
      const [event] = await search("pay-auditor", `&request_id=${requestId}`);
      assert.deepEqual(event?.["role"], { name: "admin", owners: ["payments"] });
      assert.doesNotMatch(JSON.stringify(event), /search/);
    }
  });

  it("keeps what happened under one owner from the next owner, and from strangers with the same id", async () => {
    const create = (caller: string, client_id: string, owner: string) =>
      as(caller, 201, "POST", "/clients", { body: { client_id, owner } });
    const before = await create("search-admin", "moving", "search");
    const move = await as("carnet-admin", 200, "PATCH", "/clients/moving", { body: { owner: "payments" } });
    const later = await as("pay-admin", 200, "PATCH", "/clients/moving", { body: { client_name: "Moved" } });
    const seen = (caller: string) => Promise.all([before, move, later].map((request) => seesRequest(caller, request)));
    assert.deepEqual(await seen("pay-auditor"), [false, true, true]);
    assert.deepEqual(await seen("search-admin"), [true, false, false]); // its own call
    const first = await create("search-admin", "reused", "search");
    await as("search-admin", 204, "DELETE", "/clients/reused");
    const second = await create("pay-admin", "reused", "payments");
    assert.equal(await seesRequest("pay-auditor", first), false);
    assert.equal(await seesRequest("pay-auditor", second), true);
  });

  it("shows no import that names a client of another owner", async () => {
    const secret = (name: string) => ({ value: `imported-secret-of-${name}-0123456789` });
    const clients = ["payments", "search"].map((owner) => ({
      ...{ client_id: `imported-${owner}`, owner },
      secret: secret(owner),
    }));
    const both = await as("carnet-admin", 200, "POST", "/clients/import", { body: { clients } });
    assert.equal(both.json["imported"], 2);
    assert.deepEqual([await seesRequest("pay-auditor", both), await seesRequest("carnet-admin", both)], [false, true]);
  });

  it("fills the pages of a team, and their cursors go through everything that it may see", async () => {
    for (let n = 0; n < 6; n++)
      for (const [caller, path] of [
        ["pay-admin", "/clients/pay-api"],
        ["search-admin", "/clients/search-api"],
      ] as const)
        await as(caller, 200, "PATCH", path, { body: { client_name: `Name ${n}` } });
    const all = await search("pay-auditor", "&event=client_changed");
    const paged: Found[] = [];
    for (let cursor: unknown = ""; cursor !== null; ) {
      const parameters = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = await as("pay-auditor", 200, "GET", `/audit/events?limit=2&event=client_changed${parameters}`);
      const events: readonly Found[] = Object(page.json["events"]);
      cursor = page.json["next"];
      if (cursor !== null) assert.equal(events.length, 2);
      paged.push(...events);
    }
    assert.ok(all.length >= 6);
    assert.ok(all.every(({ objects = [] }) => objects.every(({ owner }) => owner === "payments")));
    assert.deepEqual(paged, all);
  });

  it("explains to a team only requests that it may see", async () => {
    const foreign = await as("search-admin", 403, "POST", "/clients", {
      body: { client_id: "x", owner: "search", username: "not-allowed" },
    });
    const [hidden, none] = [
      await as("pay-auditor", 404, "GET", `/explain?request_id=${foreign.requestId}`),
      await as("pay-auditor", 404, "GET", "/explain?request_id=no-such-request"),
    ];
    assert.equal(told(hidden), told(none));
    const own = await as("search-admin", 404, "DELETE", "/clients/pay-api");
    const shown = await as("pay-auditor", 200, "GET", `/explain?request_id=${own.requestId}`);
    assert.match(String(shown.json["what"]), /^the admin call deleteClient on pay-api of search-admin/);
    const requestId = "shared-by-two-teams";
    for (const [caller, path] of [
      ["pay-admin", "/clients/pay-api"],
      ["search-admin", "/clients/search-api"],
    ] as const)
      await as(caller, 200, "PATCH", path, {
        body: { client_name: requestId },
        headers: { "x-request-id": requestId },
      });
    const shared = await as("pay-auditor", 200, "GET", `/explain?request_id=${requestId}`);
    assert.deepEqual(shared.json["others"], []);
    assert.doesNotMatch(JSON.stringify(shared.json), /other event|search-/);
  });
});
