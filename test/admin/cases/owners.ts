import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tokenOf } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

const defaults = {
  ...{ scope: null, ip_allowlist: [], max_token_ttl: null, max_secret_age: null, secrets_must_expire: false },
  ...{ max_clients: null, audiences: [], workspaces: [], usernames: [], enforce_from: null },
};

/** Owners and their policies. */
export function ownerCases(world: () => AdminWorld): void {
  describe("owners", () => {
    const names = async (token?: string): Promise<string[]> => {
      const { json } = await world().api.expect(200, "GET", "/owners", token === undefined ? {} : { token });
      return Object(json["owners"]).map(({ name }: { name: string }) => name);
    };

    it("are created, shown, changed by a merge patch, and deleted", async () => {
      const { api } = world();
      const body = { name: "payments", contact: "#pay", policy: { scope: "file:read", max_clients: 9 } };
      const made = await api.expect(201, "POST", "/owners", { body });
      assert.equal(made.headers.get("location"), "/admin/v1/owners/payments");
      const { created_at, updated_at, ...shown } = made.json;
      assert.deepEqual(shown, {
        ...{ name: "payments", description: null, contact: "#pay", clients: 0 },
        policy: { ...defaults, scope: "file:read", max_clients: 9 },
      });
      assert.equal(created_at, updated_at);
      const { json, headers } = await api.expect(200, "GET", "/owners/payments");
      assert.deepEqual(json, { ...made.json, enforced: false, violations: { count: 0, clients: [] } });
      assert.equal(headers.get("etag"), made.headers.get("etag"));
      const change = { description: "Pays", policy: { max_clients: null, max_token_ttl: 60 } };
      const changed = await api.expect(200, "PATCH", "/owners/payments", { body: change });
      assert.deepEqual(changed.json["policy"], { ...defaults, scope: "file:read", max_token_ttl: 60 });
      assert.deepEqual([changed.json["description"], changed.json["contact"]], ["Pays", "#pay"]);
      assert.deepEqual(await names(), ["default", "payments"]);
      await api.expect(204, "DELETE", "/owners/payments");
      assert.deepEqual(await names(), ["default"]);
      for (const method of ["GET", "DELETE"]) await api.expect(404, method, "/owners/payments");
      await api.expect(404, "PATCH", "/owners/payments", { body: change });
    });

    it("with invalid or taken names, and with invalid policies, are refused with each error", async () => {
      const { api } = world();
      const body = { name: "a b", policy: { max_clients: -1, scope: "unheard:of", enforce_from: "soon" } };
      const { json } = await api.expect(422, "POST", "/owners", { body });
      const pointers = ["/name", "/policy/max_clients", "/policy/enforce_from", "/policy/scope"];
      assert.deepEqual(pointersOf(json), pointers);
      const taken = await api.expect(409, "POST", "/owners", { body: { name: "default" } });
      assert.equal(taken.json["type"], "urn:carnet:problem:taken");
      const similar = await api.expect(409, "POST", "/owners", { body: { name: "Default" } });
      assert.match(String(similar.json["detail"]), /^the owner default exists already/);
      const unknown = await api.expect(422, "PATCH", "/owners/default", { body: { policy: { max_client: 1 } } });
      assert.deepEqual(pointersOf(unknown.json), ["/policy/max_client"]);
      assert.deepEqual(await names(), ["default"]);
    });

    it("are changed and deleted only in the version that If-Match names [RFC9110 §13.1.1]", async () => {
      const { api } = world();
      const made = await api.expect(201, "POST", "/owners", { body: { name: "versioned" } });
      const headers = { "if-match": made.headers.get("etag") ?? "" };
      const body = { contact: "#one" };
      const changed = await api.expect(200, "PATCH", "/owners/versioned", { body, headers });
      assert.notEqual(changed.headers.get("etag"), headers["if-match"]);
      await api.expect(412, "PATCH", "/owners/versioned", { body: { contact: "#two" }, headers });
      await api.expect(412, "DELETE", "/owners/versioned", { headers });
      const current = { "if-match": changed.headers.get("etag") ?? "" };
      await api.expect(204, "DELETE", "/owners/versioned", { headers: current });
    });

    it("report the clients that violate a tightened policy, which keep working, even in a dry run", async () => {
      const { api, service } = world();
      await api.expect(201, "POST", "/owners", { body: { name: "wide" } });
      const registration = { client_id: "of-wide", owner: "wide", scope: "file:read file:write" };
      const created = await api.expect(201, "POST", "/clients", { body: registration });
      const body = { policy: { scope: "file:read", max_clients: 0 } };
      const violates = [{ pointer: "/scope", detail: "must not have file:write: the policy allows file:read" }];
      const violations = { count: 1, clients: [{ client_id: "of-wide", status: "active", violations: violates }] };
      const dry = await api.expect(200, "PATCH", "/owners/wide?dry_run=true", { body });
      assert.deepEqual([dry.json["violations"], Object(dry.json["policy"]).scope], [violations, "file:read"]);
      const before = await api.expect(200, "GET", "/owners/wide");
      assert.deepEqual([before.json["violations"], before.json["policy"]], [{ count: 0, clients: [] }, defaults]);
      const changed = await api.expect(200, "PATCH", "/owners/wide", { body });
      assert.deepEqual([changed.json["violations"], changed.json["clients"]], [violations, 1]);
      assert.deepEqual((await api.expect(200, "GET", "/owners/wide")).json["violations"], violations);
      const clientSecret = String(created.json["client_secret"]);
      assert.ok(await tokenOf(service, { clientId: "of-wide", clientSecret }));
    });

    it("cannot be deleted while they have clients, and the default never", async () => {
      const { api } = world();
      for (const name of ["wide", "default"]) {
        const { json } = await api.expect(409, "DELETE", `/owners/${name}`);
        assert.equal(json["type"], "urn:carnet:problem:in_use");
      }
      await api.expect(204, "DELETE", "/clients/of-wide");
      await api.expect(204, "DELETE", "/owners/wide");
    });

    it("are read by admins that are bound to them, who see no others, and changed by platform admins only", async () => {
      const { api, service } = world();
      for (const name of ["mine", "foreign"]) await api.expect(201, "POST", "/owners", { body: { name } });
      const { clientId, clientSecret } = await service.register({
        ...{ client_id: "mine-admin", role: "admin", role_owners: ["mine"] },
      });
      const token = await tokenOf(service, { clientId, clientSecret });
      assert.deepEqual(await names(token), ["mine"]);
      await api.expect(200, "GET", "/owners/mine", { token });
      const foreign = await api.expect(404, "GET", "/owners/foreign", { token });
      const missing = await api.expect(404, "GET", "/owners/missing", { token });
      assert.deepEqual({ ...foreign.json, request_id: "" }, { ...missing.json, request_id: "" });
      for (const name of ["mine", "foreign", "missing"]) {
        const refusals = [
          await api.expect(403, "PATCH", `/owners/${name}`, { token, body: { contact: "#me" } }),
          await api.expect(403, "DELETE", `/owners/${name}`, { token }),
        ];
        for (const { json } of refusals) assert.equal(json["type"], "urn:carnet:problem:insufficient_role");
      }
      await api.expect(403, "POST", "/owners", { token, body: { name: "another" } });
      await api.expect(204, "DELETE", "/clients/mine-admin");
      for (const name of ["mine", "foreign"]) await api.expect(204, "DELETE", `/owners/${name}`);
    });
  });
}
