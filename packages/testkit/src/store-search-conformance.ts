import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import { type ClientPlace, type ClientQuery, type ClientStore, clientSortKeys } from "@carnet/core/client/client-store";
import { queryOf } from "./all-clients.ts";
import { clientIdOf, plainClient, secretOf } from "./sample-clients.ts";
import { withEvent } from "./sample-events.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares the tests for searches: what they find, in which order and on which pages. */
export function testSearches(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name}: searches`, () => {
    let opened: StoreUnderTest | undefined;
    const store = (): ClientStore => {
      if (opened === undefined) throw new Error("the store did not open");
      return opened.other;
    };
    before(async () => {
      opened = await open();
      opened.clock.set(new Date(now).toISOString());
      await opened.store.insert(clients, withEvent());
      await opened.store.recordUses(
        new Map([
          [usedSecret.secretId, { at: now - day, from: "192.0.2.1" }],
          [oldSecret.secretId, { at: now - 3 * day, from: "192.0.2.1" }],
        ]),
      );
    });
    after(() => opened?.[Symbol.asyncDispose]());
    testFilters(store);
    testOrders(store);
    testPlaces(store);
  });
}

const now = Date.UTC(2026, 10, 21, 12);
const day = 86_400_000;

const like = (id: string, changes: Partial<Client>): Client => ({ ...plainClient(id), ...changes });

const endingSecret = (changes: { expiresAt: number; revokedAt?: number }) => ({ ...secretOf("ending"), ...changes });

const usedSecret = secretOf("used");
const oldSecret = secretOf("old");

/** Some names and instants are repeated or missing, and the clients are not inserted in the order of their ids. */
const clients: readonly Client[] = [
  like("delta", { clientName: "Über %", username: "100%", createdAt: 4, updatedAt: 9, expiresAt: now + day }),
  like("alpha", { clientName: "same", scopes: ["a", "b"], labels: { team: "x", tier: "1" }, createdAt: 1 }),
  like("Charlie", { clientName: "same", status: "disabled", scopes: ["a:b"], labels: { team: "y" }, createdAt: 1 }),
  like("bravo_1", { username: "Grace_H", labels: { team: "x" }, createdAt: 2, expiresAt: now }),
  like("bravo-1", { role: "admin", clientName: "back\\slash", labels: { "": "odd", tier: "%" }, expiresAt: now - 1 }),
  like("echo", { clientName: "ECHO", updatedAt: 9, secrets: [endingSecret({ expiresAt: now + 2 * day })] }),
  like("fox", {
    role: "auditor",
    secrets: [endingSecret({ expiresAt: now + 2 * day, revokedAt: now })],
    expiresAt: now + 9 * day,
  }),
  like("golf", { secrets: [endingSecret({ expiresAt: now }), usedSecret], updatedAt: 3 }),
  like("hotel", { secrets: [oldSecret], expiresAt: now + day, scopes: ["a"] }),
];
const everybody = clients.map(({ clientId }) => clientId).sort();

const idsOf = async (store: ClientStore, query: Partial<ClientQuery>): Promise<readonly string[]> =>
  (await store.search(queryOf(query))).clients.map(({ clientId }) => clientId);

function testFilters(store: () => ClientStore): void {
  const cases: readonly (readonly [what: string, query: Partial<ClientQuery>, found: readonly string[]])[] = [
    ["all", {}, everybody],
    ["any role", { role: "any" }, ["bravo-1", "fox"]],
    ["one role", { role: "auditor" }, ["fox"]],
    ["a role that none has", { role: "operator" }, []],
    ["one status", { status: "disabled" }, ["Charlie"]],
    ["a scope that two have", { scope: "a" }, ["alpha", "hotel"]],
    ["a scope that is the beginning of another", { scope: "a:" }, []],
    ["a scope in another case", { scope: "A" }, []],
    ["a label", { labels: { team: "x" } }, ["alpha", "bravo_1"]],
    ["two labels, both of them", { labels: { team: "x", tier: "1" } }, ["alpha"]],
    ["two labels that no client has together", { labels: { team: "y", tier: "1" } }, []],
    ["a label in another case", { labels: { team: "X" } }, []],
    ["a percent sign as a label's value", { labels: { tier: "%" } }, ["bravo-1"]],
    ["text in a name", { text: "same" }, ["Charlie", "alpha"]],
    ["text in an id", { text: "bravo" }, ["bravo-1", "bravo_1"]],
    ["text in a username", { text: "race_" }, ["bravo_1"]],
    ["text in capitals", { text: "ECHO" }, ["echo"]],
    ["text in lower case for a name in capitals", { text: "charlie" }, ["Charlie"]],
    ["text beyond A to Z in its own case", { text: "Über" }, ["delta"]],
    ["text beyond A to Z in another case", { text: "über" }, []],
    ["a literal percent sign", { text: "%" }, ["delta"]],
    ["a percent sign between others", { text: "0%" }, ["delta"]],
    ["a literal underscore", { text: "bravo_" }, ["bravo_1"]],
    ["a literal backslash", { text: "\\" }, ["bravo-1"]],
    ["a backslash before a wildcard", { text: "\\%" }, []],
    ["the empty text", { text: "" }, everybody],
    [
      "clients that end soon, or have a live secret that does",
      { endingBefore: now + 3 * day },
      ["delta", "echo", "hotel"],
    ],
    ["an end just before an instant", { endingBefore: now + day + 1 }, ["delta", "hotel"]],
    ["an end at the instant itself", { endingBefore: now + day }, []],
    ["no use since an instant", { unusedSince: now - 2 * day }, everybody.filter((id) => id !== "golf")],
    ["no use since the instant of the last use", { unusedSince: now - day }, everybody.filter((id) => id !== "golf")],
    ["no use since just after the last use", { unusedSince: now - day + 1 }, everybody],
    ["no use, and created before an instant", { unusedSince: 2 }, ["Charlie", "alpha", "bravo-1", "echo", "fox"]],
    ["several filters, all of them", { text: "a", labels: { team: "y" }, scope: "a:b" }, ["Charlie"]],
    ["several filters that no client matches", { text: "a", labels: { team: "y" }, status: "active" }, []],
  ];
  for (const [what, query, found] of cases) {
    test(`finds by ${what}`, async () => {
      assert.deepEqual(await idsOf(store(), query), found);
    });
  }
}

/** Each ascending order. Missing names come first, missing ends last, and ties are in the order of ids. */
const orders: Readonly<Record<ClientQuery["sort"]["key"], readonly string[]>> = {
  client_id: everybody,
  client_name: ["bravo_1", "fox", "golf", "hotel", "echo", "bravo-1", "Charlie", "alpha", "delta"],
  created_at: ["bravo-1", "echo", "fox", "golf", "hotel", "Charlie", "alpha", "bravo_1", "delta"],
  updated_at: ["Charlie", "alpha", "bravo-1", "bravo_1", "fox", "hotel", "golf", "delta", "echo"],
  expires_at: ["bravo-1", "bravo_1", "delta", "hotel", "fox", "Charlie", "alpha", "echo", "golf"],
};

function testOrders(store: () => ClientStore): void {
  for (const key of clientSortKeys) {
    for (const descending of [false, true]) {
      const way = descending ? "descending" : "ascending";
      const expected = descending ? orders[key].toReversed() : orders[key];

      test(`lists each client once by ${key}, ${way}, for every page size`, async () => {
        for (let limit = 1; limit <= clients.length + 1; limit++) {
          const pages = await pagesOf(store(), { sort: { key, descending }, limit });
          assert.deepEqual(pages.flat(), expected, `pages of ${limit}`);
          assert.equal(pages.length, Math.ceil(clients.length / limit), "no page is empty");
        }
      });
    }
  }

  test("pages through the clients that match a filter", async () => {
    const pages = await pagesOf(store(), { text: "a", sort: { key: "client_name", descending: true }, limit: 2 });
    assert.deepEqual(pages, [["delta", "alpha"], ["Charlie", "bravo-1"], ["bravo_1"]]);
  });
}

async function pagesOf(store: ClientStore, query: Partial<ClientQuery>): Promise<readonly (readonly string[])[]> {
  const pages: string[][] = [];
  for (let after: ClientPlace | null = null; ; ) {
    const page = await store.search(queryOf({ ...query, after }));
    pages.push(page.clients.map(({ clientId }) => clientId));
    if (page.next === null) return pages;
    after = page.next;
  }
}

function testPlaces(store: () => ClientStore): void {
  test("continues where the previous page ended, even if that client is gone", async () => {
    const sort = { key: "created_at", descending: false } as const;
    const place: ClientPlace = { value: 1, clientId: clientIdOf("a client that was deleted") };
    assert.deepEqual(await idsOf(store(), { sort, after: place, limit: 2 }), ["alpha", "bravo_1"]);
  });
}
