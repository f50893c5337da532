// Explanations while other clients, other nodes and strangers leave events too.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { AdminApi, tokenOf } from "./support/admin-api.ts";
import { credentials, secret, send } from "./support/refused-requests.ts";

suite("carnet explain, among other events", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: AdminApi;

  before(async () => {
    service = cleanup.use(await startTestService({ clock }));
    api = await AdminApi.of(service);
    const scope = "carnet:clients:read carnet:clients:write";
    await create({ client_id: "busy-admin", role: "admin", scope });
    await create({ client_id: "demo", scope: "file:read" });
    await create({ client_id: "other", scope: "graph:read" });
  });
  after(() => cleanup.disposeAsync());

  const create = (body: object) =>
    api.expect(201, "POST", "/clients", { body: { ...body, secret: { value: secret } } });
  const explain = async (id: string) => (await api.expect(200, "GET", `/explain?request_id=${id}`)).json;
  const minute = 60_000;

  test("names who changed the client, and not what the client did to others before", async () => {
    const token = await tokenOf(service, { clientId: "busy-admin", clientSecret: secret });
    clock.advance(minute);
    const expiry = new Date(clock.now() + 2 * minute).toISOString();
    await api.expect(200, "PATCH", "/clients/busy-admin", { body: { expires_at: expiry } });
    clock.advance(minute);
    // More than one page of the search for changes
    for (let day = 1; day <= 120; day++) {
      const expires_at = new Date(clock.now() + day * 86_400_000).toISOString();
      await api.expect(200, "PATCH", "/clients/demo", { token, body: { expires_at } });
    }
    clock.advance(2 * minute);
    await send(service.url, "expired", { body: credentials("busy-admin") });
    const { why } = await explain("expired");
    assert.equal(
      why,
      "the secret is right, but the client expired 1 minute ago; this end was set 3 minutes ago by carnet-admin",
    );
  });

  test("does not say that what the client has done to others since happened to itself", async () => {
    await api.expect(200, "PATCH", "/clients/busy-admin", { body: { expires_at: null } });
    const token = await tokenOf(service, { clientId: "busy-admin", clientSecret: secret });
    await send(service.url, "too-much", { body: `${credentials("busy-admin")}&scope=graph:read` });
    clock.advance(minute);
    await api.expect(200, "PATCH", "/clients/busy-admin", { body: { client_name: "Busy" } });
    for (let count = 0; count < 4; count++) {
      clock.advance(1000);
      await api.expect(200, "PATCH", "/clients/demo", { token, body: { status: count % 2 ? "active" : "disabled" } });
    }
    const { since } = await explain("too-much");
    assert.equal(since, "the client has since been changed (client_name) by carnet-admin, less than a minute ago");
  });

  test("explains a change, and then what a proven client did, however often strangers send the same request id", async () => {
    const headers = { "x-request-id": "same" };
    await send(service.url, "same", { body: credentials("demo") });
    await api.expect(200, "PATCH", "/clients/demo", { headers, body: { client_name: "Demo" } });
    for (let count = 0; count < 25; count++) {
      clock.advance(1);
      await send(service.url, "same", { body: "grant_type=client_credentials" });
    }
    const { what, event, others, next } = await explain("same");
    assert.equal(Object(event).event, "client_changed");
    assert.match(String(what), /; 26 other events have the same request id$/);
    assert.equal(Object(others).length, 19);
    assert.deepEqual([Object(others)[0].event, Object(others)[1].reason], ["token_issued", "no_credentials"]);
    assert.match(Object(next).at(-1), /^only some .* listed, .*`carnet audit search --request-id same`/);
  });

  test("says which node answered, if it was another one", async () => {
    const here = await explain("same");
    assert.doesNotMatch(String(here["what"]), /the node/);
    using store = new DatabaseSync(join(service.folder, "carnet.db"));
    // A copy with another id and request id, because the journal has the event too
    store.exec(`insert into audit_events (id, at, event, request_id, actor, json)
      select 'copy', at, event, 'elsewhere', actor,
        json_set(json, '$.id', 'copy', '$.request_id', 'elsewhere', '$.node', 'node-2')
      from audit_events where request_id = 'same'`);
    const { what } = await explain("elsewhere");
    assert.match(String(what), /^this request was not refused: .*; the node node-2 answered it$/);
  });

  test("explains from what is saved while the store cannot be written", async () => {
    await using locked = await startTestService({ settings: { storeTimeout: "1" } });
    const { token } = await AdminApi.of(locked);
    await send(locked.url, "while-locked", { body: "grant_type=client_credentials" });
    using other = new DatabaseSync(join(locked.folder, "carnet.db"));
    other.exec("begin immediate");
    await send(locked.url, "while-locked", { body: credentials("carnet-admin", "wrong") });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${locked.url}/admin/v1/explain?request_id=while-locked`, { headers });
    other.exec("rollback");
    assert.equal(answer.status, 200);
    assert.match(Object(await answer.json()).why, /^no client with that id was found, or the store does not have this/);
  });
});
