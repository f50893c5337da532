import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import { searchEvents } from "@carnet/server/audit/audit-reader";
import fc from "fast-check";

const everything: EventQuery = {
  ...{ clientId: null, actor: null, requestId: null, kinds: [], since: null, until: null, before: null },
  limit: 100,
};

const isNewer = (one: Pick<StoredEvent, "at" | "id">, other: Pick<StoredEvent, "at" | "id">): boolean =>
  one.at > other.at || (one.at === other.at && one.id > other.id);

const newestFirst = (events: readonly StoredEvent[]) => events.toSorted((a, b) => (isNewer(a, b) ? -1 : 1));

/** A store or a journal that knows only paging. */
const source = (events: readonly StoredEvent[]) => ({
  search: async ({ before, limit }: EventQuery) =>
    newestFirst(events)
      .filter((event) => before === null || isNewer(before, event))
      .slice(0, limit),
});

const journalOf = (events: readonly StoredEvent[]) => ({
  search: async (query: EventQuery) => ({ events: await source(events).search(query), unread: ["a-file"] }),
  export: () => assert.fail("not exported"),
  verify: () => assert.fail("not verified"),
});

const eventAt = (at: number, id: string, json = `{"id":"${id}"}`): StoredEvent => ({
  ...{ id, at, event: "token_issued", json },
});

suite("a search of the store and the journal", () => {
  test("answers every event of both once, the newest first, page by page", async () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,3}$/), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        ids,
        fc.infiniteStream(fc.nat(8)),
        fc.integer({ min: 1, max: 7 }),
        async (names, draws, limit) => {
          const events = names.map((id) => eventAt(draws.next().value, id));
          const inStore = events.filter(() => draws.next().value < 5);
          const inJournal = events.filter((event) => !inStore.includes(event) || draws.next().value < 5);
          const ports = { events: source(inStore), journal: journalOf(inJournal) };
          const seen: StoredEvent[] = [];
          for (let before: EventQuery["before"] = null; ; ) {
            const page = await searchEvents({ ...everything, limit, before }, ports);
            assert.ok(page.events.length <= limit);
            seen.push(...page.events);
            if (page.next === null) break;
            before = page.next;
          }
          assert.deepEqual(seen, newestFirst(events));
        },
      ),
    );
  });

  test("answers the store's copy of an event that both have", async () => {
    const stored = eventAt(1, "a", '{"id":"a","client_id":"demo"}');
    const ports = { events: source([stored]), journal: journalOf([eventAt(1, "a")]) };
    assert.deepEqual((await searchEvents(everything, ports)).events, [stored]);
  });

  test("answers what the store has when there is no journal to read", async () => {
    const stored = [eventAt(2, "b"), eventAt(1, "a")];
    const found = await searchEvents(everything, { events: source(stored), journal: undefined });
    assert.deepEqual(found, { events: stored, next: null, unread: [] });
  });

  test("names the files of the journal that cannot be read", async () => {
    const { unread } = await searchEvents(everything, { events: source([]), journal: journalOf([]) });
    assert.deepEqual(unread, ["a-file"]);
  });

  test("ends a page early when its events are large, and goes on with the next", async () => {
    const large = (at: number) => eventAt(at, `large-${at}`, "x".repeat(3 * 1024 * 1024));
    const ports = { events: source([large(3), large(2), large(1)]), journal: undefined };
    const first = await searchEvents(everything, ports);
    assert.deepEqual([first.events.length, first.next], [1, { at: 3, id: "large-3" }]);
    const second = await searchEvents({ ...everything, before: first.next }, ports);
    assert.deepEqual([second.events[0]?.id, second.next], ["large-2", { at: 2, id: "large-2" }]);
  });

  test("does not load many large events to answer a page of a few", async () => {
    const events = Array.from({ length: 1000 }, (_, i) => eventAt(i, `e-${i}`, "x".repeat(200_000)));
    let loaded = 0;
    const store = {
      search: async (query: EventQuery) => {
        const found = await source(events).search(query);
        loaded += found.length;
        return found;
      },
    };
    const page = await searchEvents({ ...everything, limit: 1000 }, { events: store, journal: undefined });
    assert.equal(page.events.length, 20);
    assert.deepEqual(page.next, { at: 980, id: "e-980" });
    assert.ok(loaded <= 50, `${loaded} events were loaded`);
  });
});
