import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { Validator } from "@seriousme/openapi-schema-validator";
import { AdminApi, tokenOf } from "../support/admin-api.ts";
import { auditCases } from "./cases/audit.ts";
import { clientCases } from "./cases/clients.ts";
import { explanationCases } from "./cases/explanations.ts";
import { importCases } from "./cases/imports.ts";
import { keyCases } from "./cases/keys.ts";
import { listCases } from "./cases/lists.ts";
import { ownerCases } from "./cases/owners.ts";
import { pepperCases } from "./cases/peppers.ts";
import { repetitionCases } from "./cases/repetitions.ts";
import { revocationCases } from "./cases/revocations.ts";
import { scopeCases } from "./cases/scopes.ts";
import { secretCases } from "./cases/secrets.ts";
import { usageCases } from "./cases/usage.ts";
import { whoamiCases } from "./cases/whoami.ts";
import type { AdminWorld } from "./cases/world.ts";

describe("the admin API", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  let service: TestService;
  let api: AdminApi;
  before(async () => {
    // The admin token must outlive all the steps of the clock in the cases
    service = await startTestService({ clock, settings: { scopeCatalogue: "closed", accessTokenTtl: "86400" } });
    api = await AdminApi.of(service);
  });
  after(() => service[Symbol.asyncDispose]());
  const world = (): AdminWorld => ({ api, service, clock });

  it("is described by a document that a validator of OpenAPI 3.1 accepts", async () => {
    const document = JSON.parse(await (await fetch(`${service.url}/openapi.json`)).text());
    assert.deepEqual(await new Validator().validate(document), { valid: true });
  });

  clientCases(world);
  secretCases(world);
  revocationCases(world);
  scopeCases(world);
  ownerCases(world);
  keyCases(world);
  listCases(world);
  importCases(world);
  repetitionCases(world);
  explanationCases(world);
  usageCases(world);
  auditCases(world);
  whoamiCases(world);
  pepperCases(world);

  const operations = () =>
    Object.entries(api.openapi.document.paths).flatMap(([path, methods]) =>
      path.startsWith("/admin/")
        ? Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: path.replace("/admin/v1", "") }))
        : [],
    );

  it("refuses each operation without a token with 401, and with a token of another scope with 403", async () => {
    const readOnly = await service.register({ role: "admin", scope: "carnet:clients:read" });
    const writeOnly = await service.register({ role: "admin", scope: "carnet:clients:write" });
    for (const { method, path } of operations()) {
      const unknown = await api.expect(401, method, path, { token: null });
      assert.equal(unknown.json["type"], "urn:carnet:problem:unauthorized");
      if (path === "/whoami") continue; // any scope of the admin API will do
      const other = await tokenOf(service, method === "GET" ? writeOnly : readOnly);
      const denied = await api.expect(403, method, path, { token: other });
      assert.match(String(denied.headers.get("www-authenticate")), /error="insufficient_scope", scope="carnet:/);
    }
  });

  it("refuses a body over 4 MiB with 413", async () => {
    for (const { method, path } of operations()) {
      const declared = api.openapi.document.paths[`/admin/v1${path}`]?.[method.toLowerCase()]?.responses ?? {};
      if (!("413" in declared)) continue;
      const { json } = await api.expect(413, method, path, { raw: new Uint8Array(4 * 1024 * 1024 + 1) });
      assert.match(String(json["detail"]), /4 MiB/);
    }
  });

  it("refuses an invalid body with 400, 415 or 422, and says where the error is", async () => {
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "bodies" } });
    for (const { method, path } of operations()) {
      const declared = api.openapi.document.paths[`/admin/v1${path}`]?.[method.toLowerCase()]?.responses ?? {};
      if (!("415" in declared)) continue;
      const target = path
        .replace("{client_id}", String(json["client_id"]))
        .replace("{name}", "file:read")
        .replace("{owner}", "default");
      for (const type of ["text/plain", "nonsense", "application/x-www-form-urlencoded"]) {
        const { json } = await api.expect(415, method, target, { raw: "{}", headers: { "content-type": type } });
        assert.match(String(json["detail"]), /^send application\//);
      }
      for (const raw of ["", "{", '{"a":1}}', Uint8Array.of(0x22, 0xff, 0x22)]) {
        const answer = await api.expect(400, method, target, { raw });
        assert.equal(answer.json["type"], "urn:carnet:problem:malformed");
      }
      for (const body of [null, [], "text", 7]) {
        const answer = await api.expect(422, method, target, { body });
        assert.deepEqual(Object(answer.json["errors"])[0].pointer, "");
      }
      const unknown = await api.expect(422, method, target, { body: { "no~such/member": 1 } });
      const pointers = Object(unknown.json["errors"]).map(({ pointer }: { pointer: string }) => pointer);
      assert.ok(pointers.includes("/no~0such~1member"), JSON.stringify(pointers));
    }
  });

  it("refuses a body with too many members and items", async () => {
    for (const body of [
      { ip_allowlist: Array.from({ length: 600_000 }, () => 0), client_name: 7 },
      { clients: [{ labels: Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`label-${at}`, ""])) }] },
    ]) {
      const { json } = await api.expect(400, "POST", "clients" in body ? "/clients/import" : "/clients", { body });
      assert.match(String(json["detail"]), /more than 100000 members and items/);
    }
    const { json } = await api.expect(422, "POST", "/clients", { body: { scope: "a ".repeat(2049) } });
    assert.match(String(json["detail"]), /4096 characters/);
  });

  it("refuses an unknown path with a problem, and a wrong method with the allowed ones [RFC9110 §15.5.6]", async () => {
    for (const path of ["/nowhere", "/clients/a/b/c", "/"]) {
      const response = await fetch(`${service.url}/admin/v1${path}`);
      assert.equal(response.status, 404);
      assert.equal(Object(await response.json()).type, "urn:carnet:problem:not_found");
    }
    for (const { path } of operations()) {
      const target = path.replaceAll(/\{\w+\}/g, "x");
      const response = await fetch(`${service.url}/admin/v1${target}`, { method: "OPTIONS" });
      assert.equal(response.status, 405);
      assert.equal(Object(await response.json()).type, "urn:carnet:problem:method_not_allowed");
      const methods = operations().filter((operation) => operation.path === path);
      for (const { method } of methods) assert.ok(response.headers.get("allow")?.split(", ").includes(method));
    }
  });

  it("has the request id of each problem in the body and the header", async () => {
    const { json, headers } = await api.expect(404, "GET", "/clients/nobody", { headers: { "x-request-id": "mine" } });
    assert.equal(json["request_id"], "mine");
    assert.equal(headers.get("x-request-id"), "mine");
  });

  it("declares only responses that these tests have seen, except for faults and draining", () => {
    const declared = api.openapi.declared().filter((name) => name.includes(" /admin/"));
    const unanswered = declared.filter((name) => !api.answered.has(name) && !/ (500|503)$/.test(name));
    assert.deepEqual(unanswered, []);
  });
});
