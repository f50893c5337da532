import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { StoredEvent } from "@carnet/core/audit/event-store";
import { type ClientStanding, EventVisibility } from "@carnet/core/audit/event-visibility";
import { parseClientId } from "@carnet/protocol/ids";

const self = parseClientId("pay-auditor");
assert.ok(self.ok);
const caller = { clientId: self.value, owners: ["payments"] };
const noon = Date.parse("2026-11-26T12:00:00.000Z");

const clients: Readonly<Record<string, ClientStanding>> = {
  "pay-api": { owner: "payments", isAdmin: false, createdAt: noon - 1000 },
  "pay/0123456789abcdef": { owner: "payments", isAdmin: false, createdAt: noon - 1000 },
  new: { owner: "payments", isAdmin: false, createdAt: noon + 1000 },
  foreign: { owner: "search", isAdmin: false, createdAt: noon - 1000 },
  "pay-auditor": { owner: "payments", isAdmin: true, createdAt: noon - 1000 },
};

class Standings {
  readonly asked: string[][] = [];
  async find(clientIds: readonly string[]) {
    this.asked.push([...clientIds]);
    return new Map(clientIds.flatMap((id) => (clients[id] === undefined ? [] : [[id, clients[id]]])));
  }
  list = async () => undefined;
  owners = async () => new Map([["payments", noon - 500]]);
}

const eventOf = (event: string, parts: object, time = "2026-11-26T12:00:00.000Z"): StoredEvent => {
  const record = { time, id: "e", event, actor: { type: "cli" }, ...parts };
  return { id: "e", at: noon, event: "client_changed", json: JSON.stringify(record) };
};

const by = (client_id: string) => ({ actor: { type: "client", client_id } });
const object = (client_id: string, owner?: string, changes = {}) => ({
  ...{ type: "client", client_id, action: "changed", changes },
  ...(owner !== undefined && { owner }),
});

const seen = async (event: StoredEvent): Promise<boolean> =>
  (await new EventVisibility(caller, new Standings()).visible([event])).length === 1;

suite("the events that exist for a caller over named owners", () => {
  const transfer = { owner: { before: "search", after: "payments" } };
  const leaving = { owner: { before: "payments", after: "search" } };
  for (const [title, expected, event] of [
    ["a change of its client", true, eventOf("client_changed", { objects: [object("pay-api", "payments")] })],
    ["a change that is older than owners", true, eventOf("client_changed", { objects: [object("pay-api")] })],
    ["a change under another owner", false, eventOf("client_changed", { objects: [object("pay-api", "search")] })],
    ["a transfer to its owner", true, eventOf("x", { objects: [object("pay-api", "payments", transfer)] })],
    ["a transfer to another owner", false, eventOf("x", { objects: [object("foreign", "search", leaving)] })],
    ["a change of a foreign client", false, eventOf("client_changed", { objects: [object("foreign", "search")] })],
    ["a change of both", false, eventOf("x", { objects: [object("pay-api", "payments"), object("foreign")] })],
    ["a change of a client that is gone", true, eventOf("client_deleted", { objects: [object("gone", "payments")] })],
    ["a change of a client that is gone, of no owner", false, eventOf("x", { objects: [object("gone")] })],
    [
      "a change of a client that is gone, of another owner",
      false,
      eventOf("x", { objects: [object("gone", "search")] }),
    ],
    [
      "a transfer to its owner, of a client that is gone",
      true,
      eventOf("x", { objects: [object("gone", "payments", transfer)] }),
    ],
    [
      "a change of a client of its own and of one that is gone without an owner",
      false,
      eventOf("x", { objects: [object("gone", "payments"), object("lost")] }),
    ],
    [
      "a change when a foreign team has the client id now",
      false,
      eventOf("x", { objects: [object("foreign", "payments")] }),
    ],
    ["a token of a client that is gone", false, eventOf("token_issued", by("gone"))],
    ["a change before its client was registered again", true, eventOf("x", { objects: [object("new", "payments")] })],
    ["a change before its client was registered, of no owner", false, eventOf("x", { objects: [object("new")] })],
    ["a change of an admin client", false, eventOf("client_changed", { objects: [object("pay-auditor", "payments")] })],
    ["a change of nothing", false, eventOf("scope_put", { objects: [{ type: "scope", id: "pay-api", changes: {} }] })],
    ["a change of its owner", true, eventOf("x", { objects: [{ type: "owner", owner: "payments", changes: {} }] })],
    ["a change of another owner", false, eventOf("x", { objects: [{ type: "owner", owner: "search", changes: {} }] })],
    ["its own change", true, eventOf("client_changed", { ...by("pay-auditor"), objects: [object("foreign")] })],
    [
      "a change by an earlier client with its id",
      false,
      eventOf("client_changed", { ...by("pay-auditor"), objects: [object("foreign")] }, "2026-11-26T11:59:58.000Z"),
    ],
    ["a token of its client", true, eventOf("token_issued", by("pay-api"))],
    ["a token of a foreign client", false, eventOf("token_issued", by("foreign"))],
    ["a refusal that names its client", true, eventOf("token_refused", { client_id: "pay-api" })],
    [
      "a refusal whose secret is a foreign client's",
      false,
      eventOf("token_refused", { facts: { client_id: "foreign" } }),
    ],
    ["a refusal of an unknown client", false, eventOf("token_refused", { facts: {} })],
    ["a burst of unknown clients", false, eventOf("refusals_burst", { client_id: null })],
    ["the start of the service", false, eventOf("service_started", {})],
    ["a line that somebody changed", false, { ...eventOf("x", {}), json: "{" }],
  ] as const) {
    test(`${expected ? "include" : "do not include"} ${title}`, async () => assert.equal(await seen(event), expected));
  }

  test("show a transfer to their owner without the owner that the client came from", async () => {
    const event = eventOf("client_changed", { ...by("x"), objects: [object("pay-api", "payments", transfer)] });
    const [visible] = await new EventVisibility(caller, new Standings()).visible([event]);
    const { objects } = JSON.parse(visible?.json ?? "{}");
    assert.deepEqual(objects[0].changes, { owner: { before: null, after: "payments" } });
  });

  const refused = (target: string | null, owner: string | null | undefined, rule: string | null = null, actor = "x") =>
    eventOf("admin_refused", { ...by(actor), target, ...(owner !== undefined && { target_owner: owner }), rule });

  test("include a refused call on its client or secret, but none that is older than owners", async () => {
    const secret = "/0123456789abcdef";
    for (const target of ["pay-api", `pay-api${secret}`, `pay${secret}`])
      assert.equal(await seen(refused(target, "payments")), true, target);
    for (const event of [refused("foreign", "search"), refused("pay-api", "search"), refused("pay-api", undefined)])
      assert.equal(await seen(event), false, event.json);
    assert.equal(await seen(refused("pay-api", null)), false); // a scope can have that name
  });

  test("do not include those of an earlier owner of the same name", async () => {
    const owner = { objects: [{ type: "owner", owner: "payments", changes: {} }] };
    const events = [
      ["x", owner],
      ["client_changed", { objects: [object("pay-api", "payments")] }],
      ["client_deleted", { objects: [object("gone", "payments")] }],
      ["admin_refused", { ...by("x"), target: "pay-api", target_owner: "payments", rule: null }],
    ] as const;
    for (const [event, parts] of events) {
      assert.equal(await seen(eventOf(event, parts, "2026-11-26T11:59:59.499Z")), false, event);
      assert.equal(await seen(eventOf(event, parts, "2026-11-26T11:59:59.500Z")), true, event);
    }
  });

  test("show a foreign target of its own call like one that does not exist", async () => {
    const view = async (event: StoredEvent) => {
      const [visible] = await new EventVisibility(caller, new Standings()).visible([event]);
      const { target, target_owner, rule } = JSON.parse(visible?.json ?? "{}");
      return [target, target_owner, rule];
    };
    const own = (...parts: [string | null, string | null | undefined, string | null]) =>
      refused(...parts, "pay-auditor");
    const hidden = [null, null, null];
    assert.deepEqual(await view(own(null, null, null)), hidden);
    assert.deepEqual(await view(own("foreign", "search", "foreign_owner")), hidden);
    assert.deepEqual(await view(own("pay-api", "payments", "foreign_owner")), hidden); // it belonged to others then
    assert.deepEqual(await view(own("foreign", "search", "role")), [null, null, "role"]);
    assert.deepEqual(await view(own("search", "search", "all_owners")), [null, null, "all_owners"]);
    assert.deepEqual(await view(own("payments", "payments", "all_owners")), ["payments", "payments", "all_owners"]);
    assert.deepEqual(await view(own("file:read", null, "all_owners")), ["file:read", null, "all_owners"]);
    assert.deepEqual(await view(own("pay-auditor", "default", "role")), ["pay-auditor", "default", "role"]);
    assert.deepEqual(await view(own("foreign", undefined, null)), hidden); // older than owners
  });

  test("are found by client and actor as the store finds them, but not by a target that is hidden", async () => {
    const change = eventOf("client_changed", { ...by("platform"), objects: [object("pay-api", "payments")] });
    const gone = eventOf("client_deleted", { objects: [object("gone", "payments")] });
    const ofService = eventOf("client_disabled", {
      actor: { type: "service" },
      objects: [object("pay-api", "payments")],
    });
    const ownCall = refused("foreign", "search", "foreign_owner", "pay-auditor");
    const events = [change, gone, ofService, ownCall];
    const found = async (asked: { clientId?: string; actor?: string }) =>
      new EventVisibility(caller, new Standings()).matching({ clientId: null, actor: null, ...asked }).visible(events);
    for (const [asked, expected] of [
      [{}, 4],
      [{ actor: "platform" }, 1],
      [{ actor: "cli" }, 1],
      [{ actor: "service" }, 1],
      [{ actor: "pay-auditor" }, 1],
      [{ actor: "nobody" }, 0],
      [{ clientId: "gone" }, 1],
      [{ clientId: "pay-api", actor: "platform" }, 1],
      [{ clientId: "gone", actor: "platform" }, 0],
      [{ clientId: "foreign" }, 0],
    ] as const)
      assert.equal((await found(asked)).length, expected, JSON.stringify(asked));
  });

  test("look up each client once, many at a time", async () => {
    const standings = new Standings();
    const visibility = new EventVisibility(caller, standings);
    const events = ["pay-api", "foreign", "pay-api", "gone"].map((id) => eventOf("token_issued", by(id)));
    await visibility.visible(events);
    await visibility.visible(events);
    assert.deepEqual(standings.asked, [["pay-auditor", "pay-api", "foreign", "gone"]]);
  });

  test("are found with bounded memory, however many clients they name", async () => {
    const standings = new Standings();
    const visibility = new EventVisibility(caller, standings);
    const many = (from: number) =>
      Array.from({ length: 6000 }, (_, n) => eventOf("token_issued", by(`client-${from + n}`)));
    for (const from of [0, 6000, 0]) await visibility.visible(many(from));
    assert.equal(standings.asked.length, 3); // the first ones were forgotten
  });
});
