import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { inspect } from "node:util";
import type { Actor, AuditEvent, TokenIssued, TokenRefused } from "@carnet/core/audit/event";
import type { UnsavedUsage } from "@carnet/core/audit/usage";
import { UsageCounter } from "@carnet/core/audit/usage-counter";
import { Redacted } from "@carnet/protocol/redacted";
import { clientIdOf } from "@carnet/testkit/sample-clients";

const hour = 3_600_000;

const facts = (id: string, at: number) => ({
  ...({
    id: "event-1",
    at,
    requestId: "request-1",
    address: "192.0.2.1",
    path: "/oauth2/token",
    version: null,
  } as const),
  actor: { type: "client", clientId: clientIdOf(id), secretId: null, jti: null } satisfies Actor,
});

const issued = (id: string, at: number, asked?: string, changes: Partial<TokenIssued> = {}): AuditEvent => ({
  ...facts(id, at),
  ...{ event: "token_issued", keyId: "key-1", scope: "a", expiresAt: 600 },
  askedScope: asked === undefined ? null : new Redacted(asked),
  ...changes,
});

const refused = (id: string, at: number, changes: Partial<TokenRefused> = {}): AuditEvent => ({
  ...facts(id, at),
  ...{ event: "token_refused", kind: "invalidScope", error: "invalid_scope", reason: "scope_not_granted" },
  ...{ detail: "", facts: {}, claimedClientId: null },
  ...changes,
});

/** Keeps what is written. Fails while `fails` is true. */
class Written {
  fails = false;
  readonly rows: UnsavedUsage[] = [];
  add = async (usage: readonly UnsavedUsage[]): Promise<void> => {
    if (this.fails) throw new Error("the disk is full");
    this.rows.push(...usage);
  };
  read = async () => [];
  total = (name: "issued" | "returned"): number => this.rows.reduce((sum, row) => sum + row[name], 0);
}

suite("counting usage", () => {
  test("counts by client and hour, with scopes, addresses, reasons and the last use", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    counter.note(issued("app", 10, "a b"));
    counter.note(issued("app", 20, "a b"));
    counter.note(issued("app", 15));
    counter.note(issued("app", hour));
    counter.note({ ...facts("app", 30), event: "token_returned", expiresAt: 600 });
    for (const what of ["introspected", "introspected", "revoked"] as const)
      counter.count(clientIdOf("app"), what, { at: 40, address: "192.0.2.1" });
    counter.note(refused("app", 40, { facts: { asked: "c d and 5 more", asked_unknown: "2" }, address: "192.0.2.2" }));
    counter.noteClaimed(clientIdOf("app"), { at: 50, reason: "unknown_credentials" });
    counter.note({ ...refused("app", 60), actor: { type: "unknown" } });
    await counter.flush();
    const [first, second] = store.rows;
    assert.ok(first !== undefined && second !== undefined && store.rows.length === 2);
    const { asked, ...rest } = first;
    assert.deepEqual(
      { ...rest },
      {
        ...{
          clientId: "app",
          startsAt: 0,
          issued: 3,
          returned: 1,
          introspected: 2,
          revoked: 1,
          withoutScope: 1,
          unknownScopes: 1,
          lastIssuedAt: 20,
        },
        refused: new Map([
          ["scope_not_granted", 1],
          ["unknown_credentials", 1],
        ]),
        addresses: new Map([
          ["192.0.2.1", 7],
          ["192.0.2.2", 1],
        ]),
      },
    );
    assert.deepEqual(
      [...asked.reveal()],
      [
        ["a b", 2],
        ["c d", 1],
      ],
    );
    assert.equal(second.startsAt, hour);
  });

  test("counts that cannot be written are kept, and written once", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    for (let client = 0; client < 250; client++) counter.note(issued(`app-${client}`, 1, "a"));
    store.fails = true;
    await assert.rejects(counter.flush(), /the disk is full/);
    for (let client = 0; client < 250; client++) counter.note(issued(`app-${client}`, 2, "a"));
    store.fails = false;
    await counter.flush();
    assert.equal(store.rows.length, 250);
    assert.equal(store.total("issued"), 500);
    assert.deepEqual([...(store.rows[0]?.asked.reveal() ?? [])], [["a", 2]]);
    await counter.flush();
    assert.equal(store.total("issued"), 500);
  });

  test("a client that is deleted and registered again starts anew", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    for (const at of [1, hour]) for (const id of ["app", "other"]) counter.note(issued(id, at));
    const created = {
      type: "client",
      id: "app",
      clientId: null,
      owner: "payments",
      action: "created",
      changes: {},
    } as const;
    const event = {
      ...facts("admin", hour),
      event: "client_created",
      role: null,
      objects: [created],
      warning: null,
    } as const;
    counter.note({ ...event, outcome: "dry_run" });
    counter.note({ ...event, outcome: "done" });
    counter.note(issued("app", hour));
    await counter.flush();
    assert.deepEqual(
      store.rows.map(({ clientId, startsAt }) => [clientId, startsAt]),
      [
        ["other", 0],
        ["other", hour],
        ["app", hour],
      ],
    );
    assert.equal(store.total("issued"), 3);
  });

  test("what is counted while a batch is being written goes into the next batch", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    counter.note(issued("app", 1));
    const first = counter.flush();
    counter.note(issued("app", 2));
    await Promise.all([first, counter.flush()]);
    counter.note(issued("app", 3));
    await counter.flush();
    assert.equal(store.total("issued"), 3);
  });

  test("five thousand clients are written early, and memory stays bounded while writes fail", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    for (let client = 0; client < 5000; client++) counter.note(issued(`app-${client}`, 1));
    await setImmediate();
    assert.equal(store.total("issued"), 5000);

    store.fails = true;
    for (let client = 0; client < 40_005; client++) counter.note(issued(`app-${client}`, 1));
    await assert.rejects(counter.flush());
    counter.note(issued("app-0", 1));
    assert.equal(counter.takeLeftOut(), 5);
    assert.equal(counter.takeLeftOut(), 0);
    store.fails = false;
    await counter.flush();
    assert.equal(store.total("issued"), 5000 + 40_001);
  });

  test("a client that sends many addresses and scopes has twenty addresses and a hundred texts at most", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    for (let n = 0; n < 150; n++) counter.note(issued("app", 1, `scope-${n}`, { address: `192.0.2.${n}` }));
    counter.note(issued("app", 1, "x".repeat(5000)));
    await counter.flush();
    const [row] = store.rows;
    assert.equal(row?.addresses.size, 21);
    assert.equal(row?.addresses.get("other"), 130);
    assert.equal(row?.asked.reveal().size, 100);
    assert.equal(row?.unknownScopes, 51);
  });

  test("the scopes that all clients send take sixteen megabytes at most", async () => {
    const store = new Written();
    const counter = new UsageCounter(store);
    for (let client = 0; client < 5000; client++) {
      for (let n = 0; n < 2; n++) counter.note(issued(`app-${client}`, 1, `scope-${n}-${client}-${"x".repeat(4000)}`));
    }
    await counter.flush();
    const asked = store.rows.flatMap((row) => [...row.asked.reveal().keys()]);
    const bytes = asked.reduce((sum, { length }) => sum + length, 0);
    assert.ok(bytes > 15 * 1024 * 1024 && bytes <= 16 * 1024 * 1024, `${bytes} bytes`);
    const left = store.rows.reduce((sum, row) => sum + row.unknownScopes, 0);
    assert.equal(asked.length + left, 10_000, "the others are counted");
    counter.note(issued("app-0", 1, "a"));
    await counter.flush();
    assert.equal(store.rows.at(-1)?.asked.reveal().get("a"), 1, "there is room again after a write");
  });

  test("shows no scope that was sent, however it is inspected", () => {
    const counter = new UsageCounter(new Written());
    counter.note(issued("app", 1, "a-pasted-secret"));
    assert.doesNotMatch(inspect(counter, { depth: 9, showHidden: true }) + JSON.stringify(counter), /pasted/);
  });
});
