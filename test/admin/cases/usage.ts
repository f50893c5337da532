import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askForToken, tokenOf } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

/** The usage of clients, and the refusals of unknown callers. */
export function usageCases(world: () => AdminWorld): void {
  describe("the usage of a client", () => {
    it("has its tokens, scopes, refusals and addresses, and what it is registered for and never asked", async () => {
      const { api, service, clock } = world();
      const scope = "file:read file:write graph:read";
      const { clientId, clientSecret } = await service.register({ client_id: "counted", scope });
      const ask = async (asked: string | undefined, status: number) => {
        const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
        const body = new URLSearchParams(asked === undefined ? form : { ...form, scope: asked });
        assert.equal((await fetch(`${service.url}/oauth2/token`, { method: "POST", body })).status, status);
      };
      const start = clock.now();
      await ask("file:read task:read", 200);
      await ask("file:read no:such:scope", 200);
      clock.advance(3_600_000);
      await ask("file:read file:write", 200);
      await api.expect(200, "POST", `/clients/${clientId}/disable`);
      await ask("file:read", 401);
      const { json } = await api.expect(200, "GET", `/clients/${clientId}/usage?days=2`);
      const { since, last_issued_at, periods, scopes, ...rest } = json;
      assert.deepEqual(rest, {
        ...{ client_id: clientId, issued: 3, returned: 0, introspected: 0, revoked: 0, refused: 1 },
        ...{ without_scope: 0, unknown_scopes: 1 },
        refusals: [{ reason: "client_disabled", count: 1 }],
        unused_scopes: ["graph:read"],
        addresses: [{ address: "127.0.0.1", count: 4 }],
      });
      assert.deepEqual(scopes, [
        { scope: "file:read", asked: 3, registered: true },
        { scope: "file:write", asked: 1, registered: true },
        { scope: "graph:read", asked: 0, registered: true },
        { scope: "task:read", asked: 1, registered: false },
      ]);
      assert.equal(since, `${new Date(clock.now() - 2 * 86_400_000).toISOString().slice(0, 10)}T00:00:00.000Z`);
      assert.equal(last_issued_at, new Date(clock.now()).toISOString());
      const unused = { introspected: 0, revoked: 0 };
      const hours = [start, clock.now()].map((at) => new Date(at - (at % 3_600_000)).toISOString());
      assert.deepEqual(periods, [
        { period: "hour", starts_at: hours[0], issued: 2, returned: 0, ...unused, refused: 0 },
        { period: "hour", starts_at: hours[1], issued: 1, returned: 0, ...unused, refused: 1 },
      ]);
      clock.advance(2 * 86_400_000);
      const auditor = await service.register({ role: "auditor", scope: "carnet:audit:read" });
      const token = await tokenOf(service, auditor); // the shared one has expired
      const later = await api.expect(200, "GET", `/clients/${clientId}/usage?days=3`, { token });
      const days = Object(later.json["periods"]);
      assert.deepEqual(
        days.map(({ period }: { period: string }) => period),
        ["day"],
      );
      assert.equal(days[0].issued, 3);
      clock.advance(-2 * 86_400_000 - 3_600_000);
    });

    it("names no unused scope if the client asked for all by naming none", async () => {
      const { api, service } = world();
      const { clientId, clientSecret } = await service.register({ client_id: "gets-all", scope: "file:read" });
      await askForToken(service.url, clientId, clientSecret);
      const { json } = await api.expect(200, "GET", `/clients/${clientId}/usage`);
      assert.deepEqual([json["without_scope"], json["unused_scopes"]], [1, []]);
    });

    it("is refused for a client that does not exist, and for other numbers of days", async () => {
      const { api } = world();
      await api.expect(404, "GET", "/clients/nobody/usage");
      for (const days of ["0", "401", "x", "-1"]) {
        const { json } = await api.expect(422, "GET", `/clients/counted/usage?days=${days}`);
        assert.deepEqual(pointersOf(json), ["/days"]);
      }
    });

    it("and unknown callers can be read by an auditor who can read nothing else", async () => {
      const { api, service } = world();
      const auditor = await service.register({ role: "auditor", scope: "carnet:audit:read" });
      const token = await tokenOf(service, auditor);
      await api.expect(200, "GET", "/clients/counted/usage", { token });
      await api.expect(200, "GET", "/audit/unknown-callers", { token });
      await api.expect(403, "GET", "/clients/counted", { token });
    });
  });

  describe("unknown callers", () => {
    it("are listed by address block, and not by what they sent", async () => {
      const { api, service } = world();
      const before = await blockCount(world());
      for (let n = 0; n < 3; n++) await askForToken(service.url, `planted-${n}`, "planted-secret");
      const { json: listed } = await api.expect(200, "GET", "/audit/unknown-callers?days=1&limit=5");
      assert.equal(await blockCount(world()), before + 3);
      assert.doesNotMatch(JSON.stringify(listed), /planted/);
      const { json } = await api.expect(422, "GET", "/audit/unknown-callers?limit=1001");
      assert.deepEqual(pointersOf(json), ["/limit"]);
    });
  });
}

async function blockCount({ api }: AdminWorld): Promise<number> {
  const { json } = await api.expect(200, "GET", "/audit/unknown-callers");
  const blocks = Object(json["blocks"]) as readonly { address_block: string; count: number }[];
  return blocks.find(({ address_block }) => address_block === "127.0.0.0/24")?.count ?? 0;
}
