import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AuditEvent } from "@carnet/core/audit/event";
import { type Cidr, parseCidr } from "@carnet/core/client/cidr";
import type { Client } from "@carnet/core/client/client";
import { PolicyEnforcement } from "@carnet/core/owner/enforce-policies";
import { defaultPolicy } from "@carnet/core/owner/owner";
import { reportViolations } from "@carnet/core/owner/owner-violations";
import { allClients } from "@carnet/testkit/all-clients";
import { ownerOf } from "@carnet/testkit/memory-owner-store";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { done, ownerWorld } from "./support/owner-world.ts";

const day = 86_400_000;

/** The owner `payments`, whose clients may have `file:read` only, with as many processes as a test needs. */
async function enforcementWorld(clients: readonly Partial<Client>[]) {
  const world = await ownerWorld();
  const { store, owners, clock, endpoint } = world;
  done(await world.create({ name: "payments" }));
  const made = clients.map((changes, at) => ({
    ...plainClient(`app-${String(at).padStart(3, "0")}`),
    ...{ owner: "payments", scopes: ["file:read"], ...changes },
  }));
  if (made.length > 0) await store.insert(made, withEvent());
  done(await world.change("payments", { policy: { scope: "file:read" } }));
  const recorded: AuditEvent[] = [];
  const seen = { turns: 0, searches: 0 };
  const ports = {
    ...{ clock, random: endpoint.random, owners, eventIds: endpoint.eventIds, accessTokenTtl: 600 },
    store: {
      search: (query: Parameters<typeof store.search>[0]) => {
        seen.searches++;
        return store.search(query);
      },
      replace: store.replace.bind(store),
    },
    recorder: { record: (event: AuditEvent) => void recorded.push(event) },
    endOfTurn: async () => void seen.turns++,
  };
  return {
    ...{ ...world, recorded, seen, ports },
    process: () => new PolicyEnforcement(ports),
    enforceFrom: (at: number) =>
      world.change("payments", { policy: { enforce_from: new Date(at).toISOString() } }).then(done),
    disabled: async () =>
      (await allClients(store)).filter(({ status }) => status === "disabled").map(({ clientId }) => clientId),
  };
}

const wide = { scopes: ["file:read", "file:write"] };

suite("A policy that was tightened", () => {
  test("only reports its violations until enforceFrom, and disables the clients from that instant on", async () => {
    const { process, enforceFrom, disabled, clock, recorded } = await enforcementWorld([{}, wide]);
    const enforcement = process();
    await enforcement.run();
    assert.deepEqual(await disabled(), []);
    await enforceFrom(clock.now() + day);
    clock.advance(day - 1);
    await enforcement.run();
    assert.deepEqual([await disabled(), recorded], [[], []]);
    clock.advance(1);
    await enforcement.run();
    assert.deepEqual(await disabled(), ["app-001"]);
  });

  test("disables with one event, which names the lines that the client violates", async () => {
    const { process, enforceFrom, clock, recorded, events } = await enforcementWorld([{ ...wide, workspace: "w-1" }]);
    await enforceFrom(clock.now());
    await process().run();
    const stored = (await events()).find(({ event }) => event === "client_disabled");
    assert.deepEqual([stored?.["event"], stored?.["actor"]], ["client_disabled", { type: "service" }]);
    assert.deepEqual(Object(stored?.["objects"])[0].changes, {
      status: { before: "active", after: "disabled" },
      tokens: { before: "valid", after: "revoked" },
    });
    assert.equal(
      stored?.["warning"],
      "it violates the policy of its owner payments: scope must not have file:write: the policy allows file:read; workspace must be absent, or one of: nothing",
    );
    assert.deepEqual(
      recorded.map(({ id }) => id),
      [stored?.["id"]],
    );
  });

  test("names at most ten scopes in an event", async () => {
    const scopes = Array.from({ length: 30 }, (_, at) => `wide:${at}`);
    const { process, enforceFrom, clock, events } = await enforcementWorld([{ scopes }]);
    await enforceFrom(clock.now());
    await process().run();
    const stored = (await events()).find(({ event }) => event === "client_disabled");
    assert.match(String(stored?.["warning"]), / wide:9 and 20 more: the policy allows /);
  });

  test("is enforced once by two processes at the same time", async () => {
    const clients = Array.from({ length: 5 }, () => wide);
    const { process, enforceFrom, disabled, clock, recorded } = await enforcementWorld(clients);
    await enforceFrom(clock.now());
    await Promise.all([process().run(), process().run()]);
    assert.equal((await disabled()).length, 5);
    assert.equal(new Set(recorded.map(({ id }) => id)).size, 5);
    assert.equal(recorded.length, 5);
  });

  test("is enforced page by page, with other work in between, on the owner's own clients only", async () => {
    const clients = Array.from({ length: 250 }, () => wide);
    const foreign = [
      { ...wide, owner: "default" },
      { role: "admin", audience: "urn:carnet:admin", scopes: ["carnet:clients:read"] },
    ] as const;
    const { process, enforceFrom, disabled, clock, seen } = await enforcementWorld([...clients, ...foreign]);
    await enforceFrom(clock.now());
    await process().run();
    assert.equal((await disabled()).length, 250);
    assert.deepEqual(seen, { searches: 3, turns: 2 });
  });

  test("is not enforced further once it is relaxed", async () => {
    const world = await enforcementWorld(Array.from({ length: 250 }, () => wide));
    const { enforceFrom, disabled, clock, change, ports } = world;
    await enforceFrom(clock.now());
    const relax = async () => void done(await change("payments", { policy: { enforce_from: null } }));
    await new PolicyEnforcement({ ...ports, endOfTurn: relax }).run();
    assert.equal((await disabled()).length, 100);
  });

  test("is enforced again after it changes and after an hour, and costs nothing in between", async () => {
    const { process, enforceFrom, disabled, clock, seen, store, change } = await enforcementWorld([{}]);
    await enforceFrom(clock.now());
    const enforcement = process();
    const searches = async () => {
      seen.searches = 0;
      await enforcement.run();
      return seen.searches;
    };
    assert.deepEqual([await searches(), await searches()], [1, 0]);
    await store.insert([{ ...plainClient("raced"), owner: "payments", ...wide }], withEvent());
    assert.equal(await searches(), 0);
    clock.advance(3_600_000);
    assert.equal(await searches(), 1);
    assert.deepEqual(await disabled(), ["raced"]);
    done(await change("payments", { policy: { max_token_ttl: 60 } }));
    assert.equal(await searches(), 1);
    assert.deepEqual(await disabled(), ["app-000", "raced"]);
  });
});

suite("The report of violations", () => {
  test("describes only the clients that it names, and compares blocks without reading them again", async () => {
    let texts = 0;
    const blockOf = (text: string): Cidr => {
      const block = parseCidr(text);
      assert.ok(block.ok);
      return {
        ...block.value,
        get text() {
          texts++;
          return text;
        },
      };
    };
    const outside = { ...plainClient("outside"), ipAllowlist: [blockOf("192.0.2.0/24")] };
    const inside = { ...plainClient("inside"), ipAllowlist: [blockOf("10.0.0.0/24")] };
    const policy = { ...defaultPolicy, addressBlocks: [blockOf("10.0.0.0/16")] };
    let pages = 0;
    const search = async () => ({
      clients: Array.from({ length: 100 }, (_, at) => (at === 0 ? inside : outside)),
      next: ++pages < 5 ? { value: "", clientId: outside.clientId } : null,
    });
    const ports = { store: { search }, endOfTurn: async () => {} };
    const report = await reportViolations(ownerOf("payments", { policy }), { accessTokenTtl: 600, now: 0 }, ports);
    assert.deepEqual([report.count, report.clients.length], [495, 100]);
    assert.ok(texts < 1000, `${texts} texts were read of 500 clients`);
  });

  test("counts every client, including a disabled one, and names the first hundred with what they violate", async () => {
    const clients = [{}, { ...wide, status: "disabled" } as const, ...Array.from({ length: 120 }, () => wide)];
    const { owners, ports, clock, seen } = await enforcementWorld(clients);
    const owner = (await owners.find("payments")) ?? assert.fail();
    const report = await reportViolations(owner, { accessTokenTtl: 600, now: clock.now() }, ports);
    assert.deepEqual([report.count, report.clients.length, seen.turns], [121, 100, 1]);
    const [first] = report.clients;
    assert.deepEqual([first?.client.clientId, first?.client.status], [clientIdOf("app-001"), "disabled"]);
    assert.deepEqual(
      first?.violations.map(({ pointer }) => pointer),
      ["/scope"],
    );
  });
});
