import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi, askForToken, tokenOf } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

interface Event {
  readonly id: string;
  readonly time: string;
  readonly event: string;
  readonly request_id: string | null;
  readonly actor: { readonly type: string; readonly client_id?: string };
  readonly objects?: readonly { readonly changes: Readonly<Record<string, unknown>> }[];
}

/** Searching, exporting and verifying the audit events. */
export function auditCases(world: () => AdminWorld): void {
  describe("audit events", () => {
    const search = async (
      query: string,
      token?: string,
    ): Promise<{ events: readonly Event[]; next: string | null }> => {
      const { json } = await world().api.expect(200, "GET", `/audit/events?${query}`, token ? { token } : {});
      assert.deepEqual(json["sources"], ["store", "journal"]);
      return Object(json);
    };
    const kindsOf = (events: readonly Event[]): readonly string[] => events.map(({ event }) => event);

    it("tell an auditor, who has no other scope, what happened to a client, the newest first", async () => {
      const { api, service, clock } = world();
      const auditor = await service.register({ role: "auditor", scope: "carnet:audit:read" });
      const token = await tokenOf(service, auditor);
      await api.expect(403, "GET", "/clients", { token });
      const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "told", scope: "file:read" } });
      clock.advance(1000);
      await api.expect(200, "PATCH", "/clients/told", { body: { scope: "file:read file:write" } });
      clock.advance(1000);
      await tokenOf(service, { clientId: "told", clientSecret: String(json["client_secret"]) });
      const { events } = await search("client_id=told", token);
      assert.deepEqual(kindsOf(events), ["token_issued", "client_changed", "client_created"]);
      assert.deepEqual(events[1]?.objects?.[0]?.changes["scope"], {
        before: "file:read",
        after: "file:read file:write",
      });
      assert.deepEqual(kindsOf((await search("client_id=told&actor=told", token)).events), ["token_issued"]);
      assert.deepEqual(kindsOf((await search("client_id=told&event=client_created&event=token_issued")).events), [
        ...["token_issued", "client_created"],
      ]);
    });

    it("are found by request id, and between two times", async () => {
      const { api, service, clock } = world();
      const { clientId } = await service.register({});
      clock.set("2026-11-22T10:00:00Z"); // later than every other event
      const before = clock.now();
      const { headers } = await askForToken(service.url, clientId, "wrong");
      const found = await search(`request_id=${headers.get("x-request-id")}`);
      assert.deepEqual(kindsOf(found.events), ["token_refused"]);
      clock.advance(60_000);
      for (const since of [new Date(before).toISOString(), "1m"]) {
        const { events } = await search(`since=${since}&event=token_refused`);
        assert.deepEqual(
          events.map(({ id }) => id),
          found.events.map(({ id }) => id),
          since,
        ); // the store's copy has more members
      }
      assert.deepEqual((await search("since=59s&event=token_refused")).events, []);
      const empty = await search(`since=${new Date(before).toISOString()}&until=1m&event=token_refused`);
      assert.deepEqual(empty.events, []);
      const wrong = await api.expect(422, "GET", "/audit/events?since=yesterday&until=2026-02-30");
      assert.deepEqual(pointersOf(wrong.json), ["/since", "/until"]);
    });

    it("are paged without a gap or a repetition", async () => {
      const { api } = world();
      const all = await search("event=client_created&limit=1000");
      assert.ok(all.events.length > 20 && all.next === null);
      const seen: Event[] = [];
      for (let cursor = ""; ; ) {
        const page = await search(`event=client_created&limit=7${cursor}`);
        seen.push(...page.events);
        if (page.next === null) break;
        cursor = `&cursor=${page.next}`;
      }
      assert.deepEqual(seen, all.events);
      for (const cursor of ["x", "W10", Buffer.from('["1","a"]').toString("base64url")]) {
        const { json } = await api.expect(422, "GET", `/audit/events?cursor=${cursor}`);
        assert.deepEqual(pointersOf(json), ["/cursor"]);
      }
    });

    it("are refused for an unknown kind, parameter or page size", async () => {
      const { api } = world();
      for (const query of ["event=nothing", "client=a", "limit=0", "limit=1001"]) {
        const { json } = await api.expect(422, "GET", `/audit/events?${query}`);
        assert.deepEqual(pointersOf(json), [`/${query.split("=")[0]}`], query);
      }
    });

    it("are exported as the lines of the journal, each with the hash of the one before", async () => {
      const { api } = world();
      const { body } = await api.expect(200, "GET", "/audit/export");
      const lines: readonly Record<string, string>[] = Object(body);
      const isRecord = (line: Record<string, string>): boolean => line["journal_file"] === undefined;
      assert.match(lines[0]?.["journal_file"] ?? "", /^\d{8}-[0-9a-f]{12}-1$/);
      assert.ok(lines.length > 20);
      for (const line of lines.filter(isRecord)) assert.match(line["prev"] ?? "", /^[0-9a-f]{64}$/);
      const since = lines.filter(isRecord).at(-1)?.["time"];
      const newest: readonly Record<string, string>[] = Object(
        (await api.expect(200, "GET", `/audit/export?since=${since}`)).body,
      );
      assert.ok(newest.filter(isRecord).some(({ time }) => time === since));
      assert.ok(newest.length < lines.length);
      const wrong = await api.expect(422, "GET", "/audit/export?since=24");
      assert.deepEqual(pointersOf(wrong.json), ["/since"]);
    });

    it("are verified, with one result at the end", async () => {
      const { body } = await world().api.expect(200, "GET", "/audit/verification");
      const steps: readonly { type: string; records: number; problems?: readonly unknown[] }[] = Object(body);
      assert.deepEqual(steps.filter(({ type }) => type === "result").length, 1);
      const result = steps.at(-1);
      assert.deepEqual(result?.problems, []);
      assert.ok((result?.records ?? 0) > 20);
    });

    it("are only in the store when the journal goes to standard output", async () => {
      await using service = await startTestService({ settings: { journal: "stdout" } });
      const api = await AdminApi.of(service);
      await api.expect(201, "POST", "/clients", { body: { client_id: "stored" } });
      const { json } = await api.expect(200, "GET", "/audit/events?client_id=stored");
      assert.deepEqual(json["sources"], ["store"]);
      assert.deepEqual(kindsOf(Object(json["events"])), ["client_created"]);
      for (const path of ["/audit/export", "/audit/verification"]) {
        const refused = await api.expect(409, "GET", path);
        assert.match(String(refused.json["detail"]), /`carnet audit verify --input FILE`/);
      }
      for (const answered of api.answered) world().api.answered.add(answered);
    });
  });
}
