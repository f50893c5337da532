import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AdminWorld, pointersOf } from "./world.ts";

const documented = [
  ...[
    "activity:read",
    "carnet:audit:read",
    "carnet:clients:read",
    "carnet:clients:write",
    "file:read",
    "file:write",
    "graph:read",
  ],
  ...["graph:write", "organization:read", "organization:write", "task:read", "task:write"],
];

/** The scope catalogue. */
export function scopeCases(world: () => AdminWorld): void {
  describe("scopes", () => {
    const names = async (): Promise<string[]> => {
      const { json } = await world().api.expect(200, "GET", "/scopes");
      return Object(json["scopes"]).map(({ name }: { name: string }) => name);
    };

    it("start as the documented scopes and the service's own", async () => {
      assert.deepEqual(await names(), documented);
    });

    it("are added, updated and deleted", async () => {
      const { api } = world();
      const path = `/scopes/${encodeURIComponent("data/table|r")}`;
      const { json } = await api.expect(200, "PUT", path, { body: { description: "Read tables" } });
      assert.deepEqual(json, { name: "data/table|r", description: "Read tables", claims: {} });
      await api.expect(200, "PUT", path, { body: { description: "Read all tables" } });
      assert.ok((await names()).includes("data/table|r"));
      await api.expect(204, "DELETE", path);
      assert.deepEqual(await names(), documented);
      await api.expect(404, "DELETE", path);
    });

    it("with an invalid name or description are refused", async () => {
      const { api } = world();
      for (const name of ["a b", '"', "é", "a\\b"]) {
        const { json } = await api.expect(422, "PUT", `/scopes/${encodeURIComponent(name)}`, {
          body: { description: "Text" },
        });
        assert.match(String(json["detail"]), /malformed|character/);
      }
      const { json } = await api.expect(422, "PUT", "/scopes/x", { body: { description: "" } });
      assert.deepEqual(pointersOf(json), ["/description"]);
    });

    it("have claims with no reserved name, nor with a name that a client's claim has", async () => {
      const { api } = world();
      const put = (claims: object, status = 200) =>
        api.expect(status, "PUT", "/scopes/claimed", { body: { description: "Claims", claims } });
      assert.deepEqual(pointersOf((await put({ iss: "x", "carnet:x": 1 }, 422)).json), [
        "/claims/iss",
        "/claims/carnet:x",
      ]);
      assert.deepEqual(pointersOf((await put({ big: "x".repeat(1024) }, 422)).json), ["/claims"]);
      await api.expect(201, "POST", "/clients", { body: { client_id: "own-claim", claims: { level: 1 } } });
      const used = (await put({ level: 2 }, 409)).json;
      assert.equal(used["type"], "urn:carnet:problem:in_use");
      assert.match(String(used["detail"]), /^a client has a claim of its own with the name level,/);
      await api.expect(204, "DELETE", "/clients/own-claim");
      assert.deepEqual((await put({ level: 2 })).json["claims"], { level: 2 });
      await api.expect(204, "DELETE", "/scopes/claimed");
    });

    it("cannot be given to a client unless they are in the catalogue", async () => {
      const { api } = world();
      const body = { client_id: "scoped", scope: "file:read unheard:of other:one" };
      const { json } = await api.expect(422, "POST", "/clients", { body });
      assert.deepEqual(pointersOf(json), ["/scope"]);
      assert.match(String(json["detail"]), /unheard:of other:one/);
      await api.expect(404, "GET", "/clients/scoped");
      await api.expect(201, "POST", "/clients", { body: { ...body, scope: "file:read" } });
      const change = await api.expect(422, "PATCH", "/clients/scoped", { body: { scope: "file:read unheard:of" } });
      assert.deepEqual(pointersOf(change.json), ["/scope"]);
    });

    it("cannot be deleted while a client is registered for them", async () => {
      const { api } = world();
      await api.expect(200, "PUT", "/scopes/lent", { body: { description: "Lent to a client" } });
      await api.expect(200, "PATCH", "/clients/scoped", { body: { scope: "lent" } });
      const { json } = await api.expect(409, "DELETE", "/scopes/lent");
      assert.equal(json["type"], "urn:carnet:problem:in_use");
      await api.expect(200, "PATCH", "/clients/scoped", { body: { scope: "file:read" } });
      await api.expect(204, "DELETE", "/scopes/lent");
    });
  });
}
