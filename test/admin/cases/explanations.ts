import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AdminWorld, pointersOf } from "./world.ts";

/** Explaining requests by their id. What each explanation says is tested in test/explain.test.ts. */
export function explanationCases(world: () => AdminWorld): void {
  describe("explanations", () => {
    it("say what a request did", async () => {
      const { api } = world();
      const headers = { "x-request-id": "explained/1?a=b&c#d" };
      await api.expect(201, "POST", "/clients", { body: { client_id: "explained" }, headers });
      const path = `/explain?request_id=${encodeURIComponent(headers["x-request-id"])}`;
      const { json } = await api.expect(200, "GET", path);
      assert.match(String(json["what"]), /^this request was not refused: it was carried out, less than a minute ago$/);
      assert.equal(json["request_id"], headers["x-request-id"]);
      assert.equal(Object(json["event"]).event, "client_created");
      assert.deepEqual(json["others"], []);
    });

    it("are refused for a request that nobody sent, and for what cannot be a request id", async () => {
      const { api } = world();
      const { json } = await api.expect(404, "GET", "/explain?request_id=never-sent");
      assert.match(String(json["detail"]), /^no event has this request id\. Searched: /);
      for (const id of ["", "a b", "ä", "x".repeat(129)]) {
        const { json } = await api.expect(422, "GET", `/explain?request_id=${encodeURIComponent(id)}`);
        assert.deepEqual(pointersOf(json), ["/request_id"]);
        assert.doesNotMatch(String(json["detail"]), /a b|ä|xx/);
      }
      const missing = await api.expect(422, "GET", "/explain");
      assert.match(String(missing.json["detail"]), /request_id/);
    });
  });
}
