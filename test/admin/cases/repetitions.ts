import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askForToken, tokenOf } from "../../support/admin-api.ts";
import type { AdminWorld } from "./world.ts";

const key = (value: string) => ({ headers: { "idempotency-key": value } });

/** Requests repeated with the same Idempotency-Key. */
export function repetitionCases(world: () => AdminWorld): void {
  describe("repeated requests", () => {
    it("that register a client create one, and get the same response with the same secret", async () => {
      const { api, service } = world();
      const call = { body: { client_name: "Once" }, ...key("create-once") };
      const first = await api.expect(201, "POST", "/clients", call);
      const again = await api.expect(201, "POST", "/clients", call);
      assert.deepEqual(again.json, first.json);
      assert.equal(again.headers.get("idempotency-replayed"), "true");
      assert.equal(again.headers.get("etag"), first.headers.get("etag"));
      const { json } = await api.expect(200, "GET", "/clients?q=Once");
      assert.equal(Object(json["clients"]).length, 1);
      const secret = String(first.json["client_secret"]);
      assert.equal((await askForToken(service.url, String(first.json["client_id"]), secret)).status, 200);
    });

    it("that are concurrent register one client", async () => {
      const { api } = world();
      const call = { body: { client_name: "At once" }, ...key("at-once") };
      const answers = await Promise.all(Array.from({ length: 8 }, () => api.call("POST", "/clients", call)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
      assert.equal(new Set(answers.map(({ json }) => json["client_secret"])).size, 1);
      const { json } = await api.expect(200, "GET", "/clients?q=At%20once");
      assert.equal(Object(json["clients"]).length, 1);
    });

    it("that add or rotate a secret create one, and get the same response", async () => {
      const { api } = world();
      await api.expect(201, "POST", "/clients", { body: { client_id: "repeated" } });
      for (const path of ["/clients/repeated/secrets", "/clients/repeated/secrets/rotate"]) {
        const call = { body: { label: "x" }, ...key(`of ${path}`.replaceAll(" ", "-")) };
        const body = path.endsWith("rotate") ? { secret: call.body } : call.body;
        const first = await api.expect(201, "POST", path, { ...call, body });
        const again = await api.expect(201, "POST", path, { ...call, body });
        assert.deepEqual(again.json, first.json);
      }
      const { json } = await api.expect(200, "GET", "/clients/repeated/secrets");
      assert.equal(Object(json["secrets"]).length, 3);
    });

    it("are refused once their client is deleted, and do not show its secret", async () => {
      const { api } = world();
      const call = { body: { client_id: "gone-by-now" }, ...key("gone-by-now") };
      await api.expect(201, "POST", "/clients", call);
      await api.expect(204, "DELETE", "/clients/gone-by-now");
      const { json } = await api.expect(404, "POST", "/clients", call);
      assert.equal(json["detail"], "no client with this id is registered");
    });

    it("with the same key and different content are refused without effect", async () => {
      const { api } = world();
      for (const [path, body] of [
        ["/clients", { client_name: "Twice" }],
        ["/clients/repeated/secrets", {}],
      ] as const) {
        const { json } = await api.expect(422, "POST", path, { body, ...key("create-once") });
        assert.equal(json["type"], "urn:carnet:problem:idempotency_key_reused");
        assert.ok(!JSON.stringify(json).includes("carnet_"));
      }
      const { json } = await api.expect(200, "GET", "/clients?q=Twice");
      assert.deepEqual(json["clients"], []);
    });

    it("by another admin client are separate requests, and do not reveal the first secret", async () => {
      const { api, service } = world();
      const other = await service.register({ role: "admin", scope: "carnet:clients:write" });
      const token = await tokenOf(service, other);
      const first = await api.expect(201, "POST", "/clients", { body: { client_name: "Once" }, ...key("create-once") });
      const theirs = await api.expect(201, "POST", "/clients", {
        body: { client_name: "Once" },
        ...key("create-once"),
        token,
      });
      assert.notEqual(theirs.json["client_id"], first.json["client_id"]);
      assert.notEqual(theirs.json["client_secret"], first.json["client_secret"]);
    });

    it("that were refused can be corrected and sent again", async () => {
      const { api } = world();
      await api.expect(422, "POST", "/clients", { body: { client_id: ":" }, ...key("wrong-first") });
      await api.expect(201, "POST", "/clients", { body: { client_id: "right-then" }, ...key("wrong-first") });
    });

    it("with an invalid key are refused", async () => {
      const { api } = world();
      for (const value of ["a b", "x".repeat(256)]) {
        const { json } = await api.expect(400, "POST", "/clients", { body: {}, ...key(value) });
        assert.match(String(json["detail"]), /Idempotency-Key/);
      }
    });
  });
}
