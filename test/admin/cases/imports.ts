import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askForToken } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

const secretOf = (id: string) => `${id}-secret-0123456789`;
const imported = (id: string, settings: object = {}) => ({
  client_id: id,
  ...settings,
  secret: { value: secretOf(id) },
});

/** The import of existing clients with their secrets. */
export function importCases(world: () => AdminWorld): void {
  const works = async (id: string): Promise<boolean> =>
    (await askForToken(world().service.url, id, secretOf(id))).status === 200;

  describe("imports", () => {
    it("of far too many clients are refused without checking each one", async () => {
      const clients = Array.from({ length: 501 }, () => "no client");
      const { json } = await world().api.expect(422, "POST", "/clients/import", { body: { clients } });
      assert.deepEqual(pointersOf(json), ["/clients"]);
      assert.equal(json["detail"], "clients must have at most 500 items");
    });

    it("import claims of hundreds of clients, and name the claim that one may not have", async () => {
      const clients = Array.from({ length: 300 }, (_, n) =>
        imported(`claiming-${n}`, { claims: n === 7 ? { n, sub: "x" } : { n, nested: { deep: [n] } } }),
      );
      const { json } = await world().api.expect(200, "POST", "/clients/import", { body: { clients } });
      const [failure, ...others] = Object(json["failed"]);
      assert.deepEqual([json["imported"], failure.position, others], [299, 7, []]);
      assert.deepEqual(failure.errors[0].pointer, "/claims/sub");
      const last = await world().api.expect(200, "GET", "/clients/claiming-299");
      assert.deepEqual(last.json["claims"], { n: 299, nested: { deep: [299] } });
      const again = await world().api.expect(200, "POST", "/clients/import", { body: { clients } });
      assert.equal(again.json["unchanged"], 299);
    });

    it("import the valid clients, and report the reason for each other one", async () => {
      const { api } = world();
      const clients = [
        imported("import-1", { scope: "file:read" }),
        imported("import-2", { scope: "unheard:of" }),
        imported("import-1"),
        { client_id: "import-3" },
        imported("import-4", { expires_at: "2020-01-01" }),
        imported("import-5"),
      ];
      const { json } = await api.expect(200, "POST", "/clients/import", { body: { clients } });
      assert.equal(json["imported"], 2);
      const failed = Object(json["failed"]).map((one: { position: number; client_id: string; errors: unknown[] }) => [
        one.position,
        one.client_id,
        pointersOf({ errors: one.errors }),
      ]);
      assert.deepEqual(failed, [
        [1, "import-2", ["/scope"]],
        [2, "import-1", []],
        [3, "import-3", []],
        [4, "import-4", ["/expires_at"]],
      ]);
      assert.ok(!JSON.stringify(json).includes("0123456789"));
      assert.deepEqual(
        [await works("import-1"), await works("import-5"), await works("import-4")],
        [true, true, false],
      );
    });

    it("can be repeated: existing clients are reported and do not change", async () => {
      const { api } = world();
      const before = (await api.expect(200, "GET", "/clients/import-1")).headers.get("etag");
      const clients = [imported("import-1", { client_name: "Another" }), imported("import-6")];
      const { json } = await api.expect(200, "POST", "/clients/import", { body: { clients } });
      assert.equal(json["imported"], 1);
      assert.equal(Object(json["failed"])[0].client_id, "import-1");
      assert.equal((await api.expect(200, "GET", "/clients/import-1")).headers.get("etag"), before);
    });

    it("that are dry runs report the same and store nothing", async () => {
      const { api } = world();
      const clients = [imported("import-1"), imported("import-7"), imported("import-8", { status: "active" })];
      const { json } = await api.expect(200, "POST", "/clients/import?dry_run=true", { body: { clients } });
      assert.equal(json["imported"], 2);
      assert.equal(Object(json["failed"]).length, 1);
      await api.expect(404, "GET", "/clients/import-7");
      assert.ok(!(await works("import-8")));
    });

    it("are refused as a whole when they are malformed or too large", async () => {
      const { api } = world();
      const many = Array.from({ length: 501 }, (_, number) => imported(`many-${number}`));
      for (const [clients, pointer] of [
        [[], "/clients"],
        [many, "/clients"],
        [[imported("import-9"), { client_id: 7 }], "/clients/1/client_id"],
      ] as const) {
        const { json } = await api.expect(422, "POST", "/clients/import", { body: { clients } });
        assert.deepEqual(pointersOf(json), [pointer]);
      }
      await api.expect(404, "GET", "/clients/import-9");
    });
  });
}
