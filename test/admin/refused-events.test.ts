import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import type { TestService } from "@carnet/testkit/service";
import { decodeJwt } from "jose";
import { AdminApi, type AdminCall, tokenOf } from "../support/admin-api.ts";
import {
  eventOf,
  journalOf,
  type RecordedEvent,
  startRecordedService,
  storedEventsOf,
} from "./support/recorded-events.ts";

const planted = "planted-secret-0123456789";

describe("the events of refused admin calls", () => {
  let service: TestService;
  let api: AdminApi;
  let secretId: string;
  let calls = 0;
  before(async () => {
    service = await startRecordedService();
    api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "victim", scope: "in:use" } });
    secretId = Object(json["secrets"])[0].secret_id;
    await api.expect(200, "PUT", "/scopes/in:use", { body: { description: "Used" } });
  });
  after(() => service[Symbol.asyncDispose]());

  /** Sends a call that must be refused, and returns its one event without what every event has. */
  async function refused(status: number, method: string, path: string, call: AdminCall = {}): Promise<RecordedEvent> {
    const requestId = `refused-${++calls}`;
    await api.expect(status, method, path, { ...call, headers: { ...call.headers, "x-request-id": requestId } });
    const event = eventOf(service, requestId);
    const { event: kind, outcome, address } = event;
    assert.deepEqual([kind, outcome, address], ["admin_refused", "refused", "127.0.0.1"]);
    return event;
  }

  const actorOf = (token: string): Promise<object> =>
    Promise.resolve(token).then((text) => {
      const { client_id, jti } = decodeJwt(text);
      return { type: "client", client_id, jti };
    });
  const withoutSecret = ({ secret_id, ...actor }: RecordedEvent["actor"]): object => actor;
  const unknown = { type: "unknown" };

  it("are left by each operation, for a caller without a token, with another scope, and with a disabled client", async () => {
    const other = await service.register({ role: "admin", scope: "" });
    const disabled = await service.register({ role: "admin", scope: "carnet:clients:read carnet:clients:write" });
    const [otherToken, disabledToken] = [await tokenOf(service, other), await tokenOf(service, disabled)];
    await api.expect(200, "POST", `/clients/${disabled.clientId}/disable`);
    for (const { operationId, method, path: pattern } of adminOperations) {
      const path = pattern.replace(":client_id", "victim").replace(":secret_id", secretId).replace(":name", "in:use");
      const target = /:name/.test(pattern)
        ? "in:use"
        : /:secret_id/.test(pattern)
          ? `victim/${secretId}`
          : /:client_id/.test(pattern)
            ? "victim"
            : null;
      const stranger = await refused(401, method, path, { token: null });
      assert.deepEqual(
        [stranger["operation"], stranger["reason"], stranger.actor, stranger["target"]],
        [operationId, "unauthorized", unknown, null],
      );
      const lacking = await refused(403, method, path, { token: otherToken });
      assert.deepEqual(
        [lacking["operation"], lacking["reason"], lacking["target"]],
        [operationId, "insufficient_scope", target],
      );
      assert.match(String(lacking["detail"]), /^the token lacks the scope carnet:/);
      const stopped = await refused(401, method, path, { token: disabledToken });
      assert.deepEqual(
        [stopped["operation"], stopped["reason"], stopped["detail"], stopped["target"]],
        [operationId, "unauthorized", "the client of the token is disabled", target],
      );
      for (const [event, token] of [
        [lacking, otherToken],
        [stopped, disabledToken],
      ] as const) {
        assert.deepEqual(withoutSecret(event.actor), await actorOf(token));
        assert.match(String(event.actor["secret_id"]), /^[a-z0-9]{16}$/);
      }
    }
  });

  it("name the caller as far as the token proves it, and the true reason", async () => {
    const register = async (settings: object) => {
      const client = await service.register({ role: "admin", scope: "carnet:clients:read", ...settings });
      return { ...client, token: await tokenOf(service, client), path: `/clients/${client.clientId}` };
    };
    const [deleted, revoked, withTokens, moved, ordinary] = [
      await register({}),
      await register({}),
      await register({}),
      await register({}),
      await register({ role: null, scope: "file:read" }),
    ];
    await api.expect(204, "DELETE", deleted.path);
    for (const [{ path }, query] of [
      [revoked, "?with_tokens=false"],
      [withTokens, ""],
    ] as const) {
      const { json } = await api.expect(200, "GET", path);
      await api.expect(204, "DELETE", `${path}/secrets/${Object(json["secrets"])[0].secret_id}${query}`);
    }
    await api.expect(200, "PATCH", moved.path, { body: { ip_allowlist: ["203.0.113.0/24"] } });
    for (const [{ token }, detail, target] of [
      [deleted, /was deleted/, "victim"],
      [revoked, /secret of the token was revoked/, "victim"],
      [withTokens, /^the token was revoked/, "victim"],
      [moved, /ip_allowlist/, "victim"],
      [ordinary, /not for the admin API/, null], // it could find out by the time of the answer who exists
    ] as const) {
      const event = await refused(401, "GET", "/clients/victim", { token });
      assert.match(String(event["detail"]), detail);
      assert.deepEqual([withoutSecret(event.actor), event["target"]], [await actorOf(token), target]);
      const hasSecret = token !== deleted.token && token !== withTokens.token; // the token names it by its old handle
      assert.equal(event.actor["secret_id"] !== null, hasSecret);
    }
    for (const token of ["planted.token.abc", `${api.token}x`]) {
      const event = await refused(401, "GET", "/clients/victim", { token });
      assert.deepEqual([event.actor, event["target"]], [unknown, null]);
    }
  });

  it("name the reason and the target that exists, and never what the caller wrote", async () => {
    const stale = { headers: { "if-match": '"old"' } };
    const many = { clients: [], [planted]: 1 };
    for (const [status, method, path, call, expected] of [
      [404, "DELETE", `/clients/${planted}`, {}, ["deleteClient", "not_found", null]],
      [404, "DELETE", `/clients/victim/secrets/${planted}`, {}, ["revokeSecret", "not_found", "victim"]],
      [404, "DELETE", `/scopes/${planted}`, {}, ["deleteScope", "not_found", null]],
      [409, "DELETE", "/scopes/in:use", {}, ["deleteScope", "in_use", "in:use"]],
      [409, "POST", "/clients", { body: { client_id: "victim" } }, ["createClient", "taken", null]],
      [412, "DELETE", "/clients/victim", stale, ["deleteClient", "changed", "victim"]],
      [412, "PATCH", "/clients/victim", { ...stale, body: { scope: "" } }, ["changeClient", "changed", "victim"]],
      [422, "PATCH", "/clients/victim", { body: { [planted]: 1 } }, ["changeClient", "invalid", "victim"]],
      [422, "POST", "/clients/import", { body: many }, ["importClients", "invalid", null]],
      [400, "POST", "/clients", { raw: `{"${planted}":` }, ["createClient", "malformed", null]],
      [413, "POST", "/clients", { raw: new Uint8Array(5 * 1024 * 1024) }, ["createClient", "too_large", null]],
      [
        415,
        "PUT",
        "/scopes/in:use",
        { raw: "x", headers: { "content-type": "text/plain" } },
        ["putScope", "unsupported_media_type", "in:use"],
      ],
    ] as const) {
      const event = await refused(status, method, path, call);
      assert.deepEqual([event["operation"], event["reason"], event["target"]], expected);
      assert.equal(event.actor["client_id"], "carnet-admin");
    }
    assert.ok(!service.log.join("").includes(planted));
  });

  it("are not left by a read that the guard admits, even if it finds nothing", async () => {
    const earlier = journalOf(service).length;
    await api.expect(404, "GET", "/clients/nobody");
    await api.expect(422, "GET", `/clients?${planted}=1`);
    const later = journalOf(service).slice(earlier);
    assert.deepEqual(
      later.filter(({ event }) => event !== "token_issued"),
      [],
    );
  });

  it("name the invalid fields, but no name or scope that the caller made up", async () => {
    const closed = await startRecordedService({ settings: { scopeCatalogue: "closed" } });
    await using _ = closed;
    const own = await AdminApi.of(closed);
    const body = { scope: planted, access_token_ttl: 0, labels: { [`${planted}!`]: "" }, secret: { label: "" } };
    await own.expect(422, "POST", "/clients", { body, headers: { "x-request-id": "invalid" } });
    const { detail } = eventOf(closed, "invalid");
    assert.equal(detail, "these fields are invalid: access_token_ttl, labels, scope, secret/label");
    assert.ok(!closed.log.join("").includes(planted));
  });

  it("are one for a client that is disabled while its body is being received", async () => {
    const client = await service.register({ role: "admin", scope: "carnet:clients:write" });
    const token = await tokenOf(service, client);
    const body = new TransformStream<Uint8Array>();
    const writer = body.writable.getWriter();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "x-request-id": "slow" };
    const init = { method: "POST", headers, body: body.readable, duplex: "half" };
    const answer = fetch(`${service.url}/admin/v1/clients`, init);
    await writer.write(Buffer.from('{"client_id":'));
    await api.expect(200, "GET", "/scopes", { token: api.token });
    await api.expect(200, "POST", `/clients/${client.clientId}/disable`);
    await writer.write(Buffer.from('"backdoor"}'));
    await writer.close();
    assert.equal((await answer).status, 401);
    const { reason, detail } = eventOf(service, "slow");
    assert.deepEqual([reason, detail], ["unauthorized", "the client of the token is disabled"]);
  });

  it("are left with their target by calls that a locked store makes fail, also by those that change nothing", async () => {
    await using locked = await startRecordedService({ settings: { storeTimeout: "1" } });
    const own = await AdminApi.of(locked);
    await own.expect(201, "POST", "/clients", { body: { client_id: "victim" } });
    const added = { body: { label: "one" }, headers: { "idempotency-key": "k" } };
    await own.expect(201, "POST", "/clients/victim/secrets", added);
    using other = new DatabaseSync(join(locked.folder, "carnet.db"));
    other.exec("begin immediate");
    for (const [method, path, call, operation] of [
      ["PATCH", "/clients/victim", { body: { status: "active" } }, "changeClient"], // unchanged
      ["POST", "/clients/victim/secrets", added, "addSecret"], // replayed
      ["DELETE", "/clients/victim", {}, "deleteClient"],
    ] as const) {
      const headers = { ...("headers" in call && call.headers), "x-request-id": operation };
      await own.expect(503, method, path, { ...call, headers });
      const { event, actor, target, ...refusal } = eventOf(locked, operation);
      assert.deepEqual([event, refusal["operation"], target], ["admin_refused", operation, "victim"]);
      assert.equal(actor["client_id"], "carnet-admin");
    }
  });

  it("are in the journal only when a stranger called, who could fill the store", async () => {
    const strangers = journalOf(service).filter(
      ({ actor, event }) => event === "admin_refused" && actor["type"] === "unknown",
    );
    assert.ok(strangers.length > adminOperations.length);
    for (const { request_id } of strangers) assert.deepEqual(await storedEventsOf(service, request_id ?? ""), []);
  });
});
