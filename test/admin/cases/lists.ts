import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { type AdminWorld, pointersOf } from "./world.ts";

/** Lists of clients: filters, search, sort and pages. */
export function listCases(world: () => AdminWorld): void {
  describe("lists of clients", () => {
    before(async () => {
      const { api } = world();
      for (const [client_id, settings] of Object.entries({
        "list-1": { client_name: "Zebra 100%", labels: { team: "a", of: "list" }, scope: "file:read" },
        "list-2": { client_name: "apple_pie", labels: { team: "b", of: "list" }, scope: "file:read file:write" },
        "list-3": { client_name: "Apple tree", labels: { team: "a", of: "list" }, username: "Robin" },
        "list-4": { labels: { of: "list" }, status: "disabled", expires_at: "2026-12-01" },
        "list-5": { labels: { of: "list" }, secret: { expires_at: "2026-11-30" } },
      })) {
        await api.expect(201, "POST", "/clients", { body: { client_id, ...settings } });
      }
    });

    const find = async (query: string): Promise<string[]> => {
      const { json } = await world().api.expect(200, "GET", `/clients?label=of=list&${query}`);
      return Object(json["clients"]).map(({ client_id }: { client_id: string }) => client_id.replace("list-", ""));
    };

    for (const [query, found] of [
      ["", "12345"],
      ["status=disabled", "4"],
      ["status=active", "1235"],
      ["scope=file:write", "2"],
      ["label=team=a", "13"],
      ["q=APPLE", "23"],
      ["q=100%25", "1"],
      ["q=_", "2"],
      ["q=robin", "3"],
      ["q=LIST-4", "4"],
      ["q=nothing", ""],
      ["ending_within_days=10", "45"],
      ["ending_within_days=9", "5"],
      ["ending_within_days=8", ""],
      ["sort=-client_id", "54321"],
      ["sort=client_name", "45312"],
      ["sort=-client_name", "21354"],
      ["sort=expires_at", "41235"],
      ["sort=-expires_at", "53214"],
      ["limit=2", "12"],
    ] as const) {
      it(`by ${query || "a label alone"} have ${found ? `the clients ${[...found].join(", ")}` : "none"}`, async () => {
        assert.deepEqual((await find(query)).join(""), found);
      });
    }

    describe("are linked by Link rel=next, with each client once [RFC8288 §3]", () => {
      for (const sort of ["client_id", "-client_id", "client_name", "-client_name", "expires_at", "-created_at"]) {
        it(`by ${sort}`, async () => {
          const { api, service } = world();
          const whole = await find(`sort=${sort}`);
          const seen: string[] = [];
          for (let path = `/clients?label=of%3Dlist&sort=${sort}&limit=2`; ; ) {
            const { json, headers } = await api.expect(200, "GET", path);
            seen.push(...Object(json["clients"]).map((client: { client_id: string }) => client.client_id.slice(5)));
            const link = /^<([^>]+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
            assert.equal(link === undefined, json["next"] === null);
            if (link === undefined) break;
            const next = new URL(link, service.url);
            assert.equal(next.searchParams.get("cursor"), json["next"]);
            path = `${next.pathname}${next.search}`.replace("/admin/v1", "");
          }
          assert.deepEqual(seen, whole);
        });
      }
    });

    it("with an invalid parameter are refused with its name", async () => {
      const { api } = world();
      for (const [query, pointer] of [
        ["status=on", "/status"],
        ["limit=0", "/limit"],
        ["limit=1001", "/limit"],
        ["limit=1&limit=2", "/limit"],
        ["sort=secret", "/sort"],
        ["cursor=nonsense", "/cursor"],
        ["label=team", "/label"],
        [Array.from({ length: 1050 }, (_, at) => `label=${at.toString(36)}=`).join("&"), "/label"],
        ["q=%00", "/q"],
        ["label=team%3Da&label=team%3Db", "/label"],
        ["ending_within_days=-1", "/ending_within_days"],
        ["filter=x", "/filter"],
      ] as const) {
        const { json } = await api.expect(422, "GET", `/clients?${query}`);
        assert.deepEqual(pointersOf(json), [pointer], query);
      }
    });

    it("cannot be continued in another order", async () => {
      const { api } = world();
      const { json } = await api.expect(200, "GET", "/clients?limit=1&sort=client_name");
      const { json: refused } = await api.expect(422, "GET", `/clients?limit=1&cursor=${json["next"]}`);
      assert.deepEqual(pointersOf(refused), ["/cursor"]);
    });
  });
}
