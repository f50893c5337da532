import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import { allClients } from "@carnet/testkit/all-clients";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import type { TestService } from "@carnet/testkit/service";
import { decodeJwt } from "jose";
import { AdminApi } from "../support/admin-api.ts";
import { changeCases, importedSecret, plantedSecret } from "./cases/events.ts";
import { keyChangeCases } from "./cases/key-events.ts";
import { eventOf, journalOf, startRecordedService, storedEventsOf } from "./support/recorded-events.ts";
import { differences, show, sorted, withRevoked } from "./support/shown-changes.ts";

const allCases = [...changeCases, ...keyChangeCases];
const changes = adminOperations.filter((operation) => operation.method !== "GET");

describe("the events of the admin API", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  let service: TestService;
  let api: AdminApi;
  let actor: object;
  let calls = 0;
  before(async () => {
    service = await startRecordedService({ clock, settings: { accessTokenTtl: "86400" } });
    api = await AdminApi.of(service);
    const { json } = await api.expect(200, "GET", "/clients/carnet-admin");
    const [secret] = Object(json["secrets"]);
    const { jti } = decodeJwt(api.token);
    actor = { type: "client", client_id: "carnet-admin", secret_id: secret.secret_id, jti };
  });
  after(() => service[Symbol.asyncDispose]());

  const nextId = (): string => `call-${++calls}`;
  const named = (requestId: string, headers: object = {}) => ({ headers: { ...headers, "x-request-id": requestId } });

  it("are tested with every operation that changes something", () => {
    const tested = allCases.map(({ operationId }) => operationId);
    assert.deepEqual([...new Set(tested)].sort(), changes.map(({ operationId }) => operationId).sort());
  });

  for (const { operationId, title, prepare, call } of allCases) {
    it(`${operationId} leaves one event with what GET showed before and after: ${title}`, async () => {
      const operation = changes.find((one) => one.operationId === operationId) ?? assert.fail();
      const prefix = `case-${++calls}`;
      const prepared = await prepare?.(api, prefix);
      clock.advance(1000);
      const { path, query = "", body, clients, revoked = [] } = call(prefix, prepared ?? {});
      const old = await show(api, clients);
      const requestId = nextId();
      const sent = { ...named(requestId), ...(body && { body }) };
      await api.expect(operation.success.status, operation.method, `${path}${query}`, sent);
      const event = eventOf(service, requestId);
      const { time, id, node, objects, warning, refused, ...facts } = event;
      assert.deepEqual(facts, {
        event: operation.event,
        outcome: "success",
        request_id: requestId,
        actor,
        role: { name: "admin", owners: null },
        address: "127.0.0.1",
      });
      assert.equal(time, new Date(clock.now()).toISOString());
      const expected = withRevoked(differences(old, await show(api, clients)), revoked);
      assert.ok(expected.length > 0);
      assert.deepEqual(sorted(objects), sorted(expected));
      assert.deepEqual(await storedEventsOf(service, requestId), [event]);
    });
  }

  it("warn of new clients without scopes", async () => {
    const ids = ["none", "some", "many"].map(nextId);
    const secret = { value: importedSecret };
    const clients = ["warn-1", "warn-2", "warn-3"].map((client_id, number) => ({
      client_id,
      secret,
      ...(number === 2 && { scope: "file:read" }),
    }));
    await api.expect(201, "POST", "/clients", { body: {}, ...named(ids[0] ?? "") });
    await api.expect(201, "POST", "/clients", { body: { scope: "file:read" }, ...named(ids[1] ?? "") });
    await api.expect(200, "POST", "/clients/import", { body: { clients }, ...named(ids[2] ?? "") });
    const warnings = ids.map((id) => eventOf(service, id)["warning"]);
    assert.deepEqual(warnings, ["1 client has no scopes", null, "2 clients have no scopes"]);
  });

  it("say that a call changed nothing, and what it named", async () => {
    const id = "unchanged";
    const secret = { value: importedSecret };
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: id, secret } });
    const secretId = Object(json["secrets"])[0].secret_id;
    const again = { client_id: id, secret };
    const client = { type: "client", client_id: id, owner: "default", action: "changed", changes: {} };
    const scope = { type: "scope", id: "file:read", action: "changed", changes: {} };
    const owner = { type: "owner", id: "default", owner: "default", action: "changed", changes: {} };
    const revoked = { type: "secret", id: secretId, client_id: id, owner: "default", action: "changed", changes: {} };
    await api.expect(204, "DELETE", `/clients/${id}/secrets/${secretId}`);
    await api.expect(200, "PUT", "/scopes/file%3Aread", { body: { description: "Same" } });
    for (const [status, method, path, body, expected] of [
      [200, "PATCH", `/clients/${id}`, {}, ["client_changed", "unchanged", [client]]],
      [200, "POST", `/clients/${id}/enable`, undefined, ["client_enabled", "unchanged", [client]]],
      [204, "DELETE", `/clients/${id}/secrets/${secretId}`, undefined, ["secret_revoked", "unchanged", [revoked]]],
      [200, "PUT", "/scopes/file%3Aread", { description: "Same" }, ["scope_put", "unchanged", [scope]]],
      [200, "PATCH", "/owners/default", { contact: null }, ["owner_changed", "unchanged", [owner]]],
      [200, "PATCH", "/owners/default?dry_run=true", { contact: "#a" }, ["owner_changed", "dry_run", [owner]]],
      [200, "POST", "/clients/import", { clients: [again] }, ["clients_imported", "unchanged", []]],
      [200, "POST", "/clients/import?dry_run=true", { clients: [again] }, ["clients_imported", "dry_run", []]],
    ] as const) {
      const requestId = nextId();
      await api.expect(status, method, path, { ...named(requestId), ...(body && { body }) });
      const event = eventOf(service, requestId);
      assert.deepEqual([event.event, event.outcome, event.objects], expected, path);
      assert.deepEqual(event.actor, actor);
      assert.deepEqual(await storedEventsOf(service, requestId), [event]);
    }
  });

  it("say that an answer was sent again, and name what the first call created", async () => {
    for (const [path, kind] of [
      ["/clients", "client_created"],
      ["/clients/unchanged/secrets", "secret_added"],
      ["/clients/unchanged/secrets/rotate", "secrets_rotated"],
    ] as const) {
      const [first, second] = [nextId(), nextId()];
      const key = { "idempotency-key": first };
      const { json } = await api.expect(201, "POST", path, { body: {}, ...named(first, key) });
      await api.expect(201, "POST", path, { body: {}, ...named(second, key) });
      assert.equal(eventOf(service, first).outcome, "success");
      const event = eventOf(service, second);
      const created =
        kind === "client_created"
          ? { type: "client", client_id: json["client_id"] }
          : { type: "secret", id: json["secret_id"], client_id: "unchanged" };
      assert.deepEqual(
        [event.event, event.outcome, event.objects],
        [kind, "replayed", [{ ...created, owner: "default", action: "created", changes: {} }]],
      );
    }
  });

  it("name every client of an import of 300 in one event", async () => {
    const ids = Array.from({ length: 300 }, (_, number) => `bulk-${number}`);
    const clients = ids.map((client_id) => ({ client_id, secret: { value: `${importedSecret}-${client_id}` } }));
    const requestId = nextId();
    await api.expect(200, "POST", "/clients/import", { body: { clients }, ...named(requestId) });
    const { objects } = eventOf(service, requestId);
    const of = (type: string) => objects.filter((object) => object.type === type).map(({ client_id }) => client_id);
    assert.deepEqual([of("client"), of("secret")], [ids, ids]);
  });

  it("contain no secret, digest, handle or token", async () => {
    const text = service.log.join("");
    assert.ok(journalOf(service).length > 20);
    for (const secret of [plantedSecret, importedSecret, api.token]) assert.ok(!text.includes(secret));
    assert.doesNotMatch(text, /carnet_[a-z0-9]{16}_|eyJ/);
    for (const client of await allClients(service.server.registry.store)) {
      for (const { handle } of [client, ...client.secrets]) assert.ok(!text.includes(handle));
      for (const { digest } of client.secrets)
        for (const form of ["hex", "base64url"] as const) assert.ok(!text.includes(Buffer.from(digest).toString(form)));
    }
  });

  it("are not left by a read that succeeds", async () => {
    const requestId = nextId();
    await api.expect(200, "GET", "/clients", named(requestId));
    assert.deepEqual(
      journalOf(service).filter(({ request_id }) => request_id === requestId),
      [],
    );
  });
});
