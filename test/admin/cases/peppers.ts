import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PepperStatus } from "@carnet/protocol/admin/peppers";
import { type AdminWorld, pointersOf } from "./world.ts";

/** The pepper. Rotates it, so these cases must come last of those that count secrets. */
export function pepperCases(world: () => AdminWorld): void {
  const status = async (): Promise<PepperStatus> => Object((await world().api.expect(200, "GET", "/peppers")).json);

  describe("the pepper", () => {
    it("is shown without a rotation at first, and no secret has to move", async () => {
      const { peppers, rotation } = await status();
      assert.deepEqual([peppers.map(({ state }) => state), rotation], [["current"], null]);
      const { json } = await world().api.expect(200, "GET", "/peppers/unmoved");
      assert.deepEqual(json, { secrets: [], next: null });
    });

    it("is not rotated with a deadline that is too near, too far, or no number", async () => {
      for (const deadline_in of [3599, 366 * 86_400 + 1, 7200.5, "90d"])
        assert.deepEqual(
          pointersOf((await world().api.expect(422, "POST", "/peppers", { body: { deadline_in } })).json),
          ["/deadline_in"],
        );
    });

    it("is rotated once at a time, and the secrets that have to move are listed in pages", async () => {
      const { json } = await world().api.expect(201, "POST", "/peppers", { body: { deadline_in: 7200 } });
      const states = Object(json["peppers"]).map(({ state }: { state: string }) => state);
      assert.deepEqual(states, ["current", "upcoming"]);
      const deadline = new Date(world().clock.now() + 7_200_000).toISOString();
      assert.equal(Object(json["rotation"]).deadline, deadline);
      const refused = await world().api.expect(409, "POST", "/peppers", { body: { deadline_in: 7200 } });
      assert.equal(refused.json["type"], "urn:carnet:problem:rotation_in_progress");
      assert.ok(String(refused.json["detail"]).includes(deadline));
      const seen: string[] = [];
      for (let cursor = ""; ; ) {
        const { json: page } = await world().api.expect(200, "GET", `/peppers/unmoved?limit=1${cursor}`);
        seen.push(...Object(page["secrets"]).map(({ secret_id }: { secret_id: string }) => secret_id));
        if (page["next"] === null) break;
        cursor = `&cursor=${page["next"]}`;
      }
      assert.equal(new Set(seen).size, seen.length);
      assert.equal(seen.length, (await status()).rotation?.to_move);
      const wrong = await world().api.expect(422, "GET", "/peppers/unmoved?cursor=%20");
      assert.deepEqual(pointersOf(wrong.json), ["/cursor"]);
    });
  });
}
