import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AdminRefused, AuditEvent, TokenRefused } from "@carnet/core/audit/event";
import { day, hour, type UnsavedUsage } from "@carnet/core/audit/usage";
import { UsageCounter } from "@carnet/core/audit/usage-counter";
import { Redacted } from "@carnet/protocol/redacted";
import { Refusals } from "@carnet/server/audit/refusals";
import { inTurn } from "@carnet/server/store/sql/in-turn";
import { createSqlRefusalStore } from "@carnet/server/store/sql/refusal-store";
import { countingIds } from "@carnet/testkit/counting-ids";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { databases, type Open, openDatabase, type TestDatabase } from "./open-database.ts";

const planted = "carnet_pasted_into_the_client_id";

interface Kept extends TestDatabase {
  readonly refusals: Refusals;
  readonly usage: readonly UnsavedUsage[];
  readonly recorded: readonly AuditEvent[];
  readonly appended: readonly AuditEvent[];
  /** Whether the store refuses events. */
  isBusy: boolean;
  readonly log: readonly string[];
  readonly store: ReturnType<typeof createSqlRefusalStore>;
  refuse(changes?: Partial<TokenRefused>): void;
  /** Writes what was refused, and the usage. */
  write(): Promise<void>;
}

async function keepRefusals(open: Open, maxRows = 100_000): Promise<Kept> {
  const opened = await openDatabase(open, 20); // some of these tests hold the lock
  const store = createSqlRefusalStore(opened.db, { bounds: { maxRows, maxAge: 7 * day }, dialect: opened.dialect });
  const [usage, recorded, appended, log]: [UnsavedUsage[], AuditEvent[], AuditEvent[], string[]] = [[], [], [], []];
  const counter = new UsageCounter({ add: async (rows) => void usage.push(...rows), read: async () => [] });
  const ids = countingIds();
  const logged = (event: string, facts: object = {}): void => void log.push(`${event} ${JSON.stringify(facts)}`);
  const refusals = new Refusals({
    ...{ store, clock: opened.clock, eventIds: ids, usage: counter, node: "node-1", maxRows },
    events: {
      append: async (event) => {
        if (kept.isBusy) throw new Error("the store is busy");
        appended.push(event);
      },
    },
    recorder: { record: (event) => void recorded.push(event) },
    log: { debug: logged, info: logged, warn: logged, fault: logged },
  });
  const kept: Kept = {
    ...{ ...opened, refusals, usage, recorded, appended, log, store, isBusy: false },
    refuse(changes = {}) {
      const event: TokenRefused = {
        ...{ event: "token_refused", id: ids.next(), at: opened.clock.now(), requestId: "request-1" },
        ...{ actor: { type: "unknown" }, address: "203.0.113.9", path: "/oauth2/token", version: null },
        ...{
          kind: "invalidClient",
          error: "invalid_client",
          reason: "unknown_credentials",
          detail: "no client",
          facts: {},
        },
        claimedClientId: null,
        ...changes,
      };
      counter.note(event);
      refusals.note(event);
    },
    async write() {
      await refusals.flush();
      await counter.flush();
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
  return kept;
}

const claiming = (id: string) => ({ claimedClientId: new Redacted(clientIdOf(id)) });
const proved = (id: string) => ({
  actor: { type: "client", clientId: clientIdOf(id), secretId: null, jti: null } as const,
});
const rowsOf = ({ db }: TestDatabase) => db.selectFrom("refusals").selectAll().orderBy("number").execute();
const blocksOf = async ({ db }: TestDatabase) => {
  const rows = await db.selectFrom("unknown_refusals").selectAll().orderBy("hour").orderBy("address_block").execute();
  return rows.map((row) => ({ ...row }));
};

for (const { name, open } of databases)
  suite(`recent refusals in the store on ${name}`, () => {
    test("keeps refusals of proved clients, and of claimed ones that exist, named as such", async () => {
      await using kept = await keepRefusals(open);
      await kept.register("app");
      kept.refuse({ ...proved("app"), reason: "client_disabled" });
      kept.refuse({ ...claiming("app"), requestId: "request-2" });
      const denied: AdminRefused = {
        ...{ event: "admin_refused", id: "event-9", at: kept.clock.now(), requestId: "request-3", address: null },
        ...{ ...proved("app"), operation: "deleteClient", reason: "insufficient_scope", detail: "" },
        ...{ role: null, rule: null, target: null, targetOwner: null },
      };
      kept.refusals.note(denied);
      await kept.write();
      const rows = await rowsOf(kept);
      assert.deepEqual(
        rows.map((row) => [row.event, row.request_id, row.client_id, row.actor, row.reason]),
        [
          ["token_refused", "request-1", "app", "app", "client_disabled"],
          ["token_refused", "request-2", "app", "unknown", "unknown_credentials"],
          ["admin_refused", "request-3", "app", "app", "insufficient_scope"],
        ],
      );
      const claimed = JSON.parse(rows[1]?.json ?? "");
      assert.equal(claimed.client_id, "app");
      assert.deepEqual(claimed.actor, { type: "unknown" });
      assert.equal(kept.usage[0]?.refused.get("unknown_credentials"), 1, "counted as usage of the claimed client");
    });

    test("counts unknown callers by hour and address block, and stores nothing that they sent", async () => {
      await using kept = await keepRefusals(open);
      await kept.register("app");
      for (const id of [planted, `${planted}-2`, "x".repeat(255)]) kept.refuse(claiming(id));
      kept.refuse();
      kept.refuse({ ...claiming(planted), address: "2001:db8:1:2::3" });
      kept.refuse({ address: "::ffff:203.0.113.200" });
      kept.clock.advance(hour);
      kept.refuse({ address: "203.0.113.1" });
      await kept.write();
      assert.deepEqual(await rowsOf(kept), []);
      const start = Date.UTC(2026, 10, 21, 12);
      assert.deepEqual(await blocksOf(kept), [
        { hour: start, address_block: "2001:db8:1::/48", count: 1 },
        { hour: start, address_block: "203.0.113.0/24", count: 5 },
        { hour: start + hour, address_block: "203.0.113.0/24", count: 1 },
      ]);
      assert.deepEqual((await kept.store.unknownCallers(start, 1))[0], {
        ...{ addressBlock: "203.0.113.0/24", count: 6, firstHour: start, lastHour: start + hour },
      });
      const stored = JSON.stringify([await rowsOf(kept), await blocksOf(kept), kept.usage, kept.log]);
      assert.doesNotMatch(stored, /pasted|xxx/);
    });

    test("an hour has a thousand address blocks at most, and counts the others together", async () => {
      await using kept = await keepRefusals(open);
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < 1500; n++) kept.refuse({ address: `10.${n >> 8}.${n & 255}.1` });
        await kept.write();
      }
      const blocks = await blocksOf(kept);
      assert.equal(blocks.length, 1001);
      assert.equal(blocks.find(({ address_block }) => address_block === "other")?.count, 1000);
      assert.equal(
        blocks.reduce((sum, { count }) => sum + count, 0),
        3000,
      );
    });

    test("one broken caller keeps its newest thousand refusals and pushes out nobody", async () => {
      await using kept = await keepRefusals(open);
      for (const id of ["broken", "quiet"]) await kept.register(id);
      kept.refuse({ ...claiming("quiet"), requestId: "the quiet one" });
      for (let batch = 0; batch < 12; batch++) {
        for (let n = 0; n < 150; n++) kept.refuse({ ...claiming("broken"), requestId: `${batch}-${n}` });
        await kept.write();
      }
      const rows = await rowsOf(kept);
      assert.equal(rows.filter(({ client_id }) => client_id === "quiet").length, 1);
      const broken = rows.filter(({ client_id }) => client_id === "broken").map(({ request_id }) => request_id);
      assert.equal(broken.length, 1000);
      assert.deepEqual([broken[0], broken.at(-1)], ["2-50", "11-149"]);
      assert.equal(
        kept.usage.reduce(
          (sum, row) => sum + (row.clientId === "broken" ? (row.refused.get("unknown_credentials") ?? 0) : 0),
          0,
        ),
        1800,
        "those that were not stored are counted",
      );
    });

    test("the oldest go when there are too many rows, and when they are too old", async () => {
      await using kept = await keepRefusals(open, 1000);
      for (let n = 0; n < 24; n++) await kept.register(`app-${n}`);
      for (let n = 0; n < 24; n++) {
        for (let one = 0; one < 50; one++) kept.refuse(claiming(`app-${n}`));
        await kept.write();
      }
      await kept.refusals.trim();
      const rows = await rowsOf(kept);
      assert.equal(rows.length, 1000);
      assert.equal(rows[0]?.client_id, "app-4");
      kept.refuse();
      await kept.write();
      kept.clock.advance(7 * day + 2 * hour);
      await kept.refusals.trim();
      assert.deepEqual([await rowsOf(kept), await blocksOf(kept)], [[], []]);
    });

    test("memory between two batches is bounded, and what does not fit is counted and logged", async () => {
      await using kept = await keepRefusals(open);
      for (let n = 0; n < 9050; n++) kept.refuse();
      for (let n = 0; n < 1050; n++) kept.refuse(proved("app"));
      await kept.write();
      const blocks = await blocksOf(kept);
      assert.deepEqual(
        blocks.map(({ address_block, count }) => [address_block, count]),
        [
          ["203.0.113.0/24", 9000],
          ["other", 100],
        ],
      );
      assert.deepEqual(kept.log, ['refusals_not_stored {"count":100}']);
    });

    test("proven refusals are kept first, because anybody can send the id of a client", async () => {
      await using kept = await keepRefusals(open, 1000);
      const names = Array.from({ length: 6 }, (_, n) => `app-${n}`);
      for (const name of names) await kept.register(name);
      for (let batch = 0; batch < 12; batch++) {
        kept.refuse({ ...proved("app-0"), requestId: `proven-${batch}` });
        for (const name of names) for (let n = 0; n < 120; n++) kept.refuse(claiming(name));
        await kept.write();
      }
      const proven = async () =>
        (await rowsOf(kept)).filter(({ actor }) => actor === "app-0").map((row) => row.request_id);
      const expected = Array.from({ length: 12 }, (_, batch) => `proven-${batch}`);
      assert.deepEqual(await proven(), expected, "in a batch of 500, and among 1000 of the client");
      await kept.refusals.trim();
      assert.equal((await rowsOf(kept)).length, 1000);
      assert.deepEqual(await proven(), expected, "and among those of all clients");
    });

    test("proven refusals stay in memory while the store is locked and others arrive", async () => {
      await using kept = await keepRefusals(open);
      await kept.register("app");
      kept.refuse(proved("app"));
      await inTurn({ ...kept, db: kept.other }, "refusals", async (transaction) => {
        await transaction.deleteFrom("announced_ends").execute();
        for (let n = 0; n < 8999; n++) kept.refuse();
        const written = assert.rejects(kept.refusals.flush(), /busy|locked/i);
        await Promise.resolve(); // the batch is taken, and waits for the store
        for (let n = 0; n < 9000; n++) kept.refuse();
        await written;
      });
      await kept.write();
      assert.equal((await rowsOf(kept)).length, 1);
      assert.deepEqual(kept.log, ['refusals_not_stored {"count":8000}']);
    });

    test("a batch that cannot be written waits for the next", async () => {
      await using kept = await keepRefusals(open);
      await kept.register("app");
      kept.refuse(claiming("app"));
      await inTurn({ ...kept, db: kept.other }, "refusals", async (transaction) => {
        await transaction.deleteFrom("announced_ends").execute();
        await assert.rejects(kept.refusals.flush(), /busy|locked/i);
      });
      kept.refuse(claiming("app"));
      await kept.write();
      assert.equal((await rowsOf(kept)).length, 2);
    });

    test("a burst is recorded and stored, for a client and for an address block", async () => {
      await using kept = await keepRefusals(open);
      await kept.register("app");
      for (let n = 0; n < 100; n++) kept.refuse(claiming("app"));
      for (let n = 0; n < 100; n++)
        kept.refuse({ ...claiming(planted), address: "198.51.100.7", reason: "no_credentials" });
      for (let n = 0; n < 99; n++) kept.refuse({ address: "192.0.2.7" });
      await kept.write();
      const bursts = kept.recorded.flatMap((event) =>
        event.event === "refusals_burst" ? [[event.clientId, event.addressBlock, event.count, event.reason]] : [],
      );
      assert.deepEqual(bursts, [
        ["app", null, 100, "unknown_credentials"],
        [null, "198.51.100.0/24", 100, "no_credentials"],
      ]);
      assert.deepEqual(kept.appended, kept.recorded);
    });

    test("a report of a burst that finds the store busy is stored with the next batch, and recorded once", async () => {
      await using kept = await keepRefusals(open);
      kept.isBusy = true;
      for (const address of ["198.51.100.7", "192.0.2.7"]) for (let n = 0; n < 100; n++) kept.refuse({ address });
      await assert.rejects(kept.write(), /busy/);
      await assert.rejects(kept.write(), /busy/);
      kept.isBusy = false;
      await kept.write();
      assert.equal(kept.recorded.length, 2);
      assert.deepEqual(kept.appended, kept.recorded);
      await kept.write();
      assert.equal(kept.appended.length, 2);
    });
  });
