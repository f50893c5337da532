import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { decodeJwt } from "jose";
import { AdminApi, askForToken } from "../support/admin-api.ts";

describe("the log of the admin API", () => {
  let service: TestService;
  let api: AdminApi;
  before(async () => {
    service = await startTestService();
    api = await AdminApi.of(service);
  });
  after(() => service[Symbol.asyncDispose]());

  it("records each change with the admin client that made it, and no secret", async () => {
    const value = "planted-secret-0123456789";
    await api.expect(201, "POST", "/clients", {
      body: { client_id: "logged", secret: { value } },
      headers: { "x-request-id": "audit-1" },
    });
    const added = await api.expect(201, "POST", "/clients/logged/secrets", { body: {} });
    await api.expect(404, "DELETE", `/clients/${value}`);
    const lines = service.log.map((line) => JSON.parse(line)).filter(({ event }) => event === "admin_operation");
    const { level, time, ...created } = lines.find(({ requestId }) => requestId === "audit-1");
    assert.deepEqual([level, typeof time], ["info", "string"]);
    assert.deepEqual(created, {
      event: "admin_operation",
      requestId: "audit-1",
      operation: "createClient",
      adminClientId: "carnet-admin",
      address: "127.0.0.1",
      outcome: "done",
      warning: "1 client has no scopes",
      target: "logged",
    });
    const withScope = { client_id: "with-scope", scope: "file:read" };
    await api.expect(201, "POST", "/clients", { body: withScope, headers: { "x-request-id": "audit-2" } });
    const clients = [
      { client_id: "import-a", secret: { value: `${value}-a` } },
      { client_id: "import-b", scope: "file:read", secret: { value: `${value}-b` } },
    ];
    await api.expect(200, "POST", "/clients/import", { body: { clients }, headers: { "x-request-id": "audit-3" } });
    const all = service.log.map((line) => JSON.parse(line));
    const warningOf = (id: string) => all.find(({ requestId }) => requestId === id).warning;
    assert.deepEqual([warningOf("audit-2"), warningOf("audit-3")], [undefined, "1 client has no scopes"]);
    assert.equal(lines.at(-2).target, `logged/${added.json["secret_id"]}`);
    assert.deepEqual([lines.at(-1).outcome, lines.at(-1).target], ["not_found", null]);
    const log = service.log.join("");
    assert.ok(!log.includes(value) && !log.includes(String(added.json["client_secret"]).slice(24)));
  });

  it("records refused calls, without the token", async () => {
    const before = service.log.length;
    await fetch(`${service.url}/admin/v1/clients`, { headers: { authorization: "Bearer planted.token.abc" } });
    const line = JSON.parse(service.log.slice(before).find((one) => one.includes("admin_refused")) ?? "{}");
    assert.deepEqual([line.operation, line.adminClientId, line.outcome], ["listClients", null, "unauthorized"]);
    assert.ok(!service.log.join("").includes("planted.token"));
  });

  it("never contains the secret of the bootstrap admin, which has both admin scopes", async () => {
    const admin = service.server.bootstrapAdmin ?? assert.fail();
    const { json } = await askForToken(service.url, admin.clientId, admin.clientSecret.reveal());
    assert.equal(json["scope"], "carnet:clients:read carnet:clients:write");
    assert.equal(decodeJwt(String(json["access_token"])).aud, `${service.url}/admin`);
    assert.ok(!service.log.join("").includes(admin.clientSecret.reveal().slice(24)));
  });
});
