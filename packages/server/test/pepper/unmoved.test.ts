// What operators see of secrets that have not moved. PEPPER_SECRETS moves more of them (`npm run soak`).
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { changeClient } from "@carnet/core/admin/change-client";
import { comingEnds } from "@carnet/core/audit/coming-ends";
import { secretStateAt } from "@carnet/core/client/client-secret";
import { everyClient } from "@carnet/core/client/client-store";
import { warningsOf } from "@carnet/core/client/expiry-warnings";
import { ok } from "@carnet/protocol/result";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { countingIds } from "@carnet/testkit/counting-ids";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { eventQuery, withEvent } from "@carnet/testkit/sample-events";
import { databases } from "@carnet/testkit/test-database";
import { PepperWorld } from "./support/pepper-world.ts";

const day = 86_400_000;
const many = Number(process.env["PEPPER_SECRETS"] ?? 2000);

for (const { name, open } of databases)
  suite(`Secrets that have not moved to the new pepper, on ${name}`, () => {
    test("have an end everywhere that ends are seen, until they are used", async () => {
      await using database = await open();
      const world = await PepperWorld.open(database);
      const node = await world.start();
      const used = await node.register();
      const unused = await node.register();
      assert.ok((await node.rotate(20 * 86_400)).ok);
      const deadline = world.clock.now() + 20 * day;
      world.clock.advance(61_000);
      await node.poll();
      assert.ok(await node.accepts(used));
      await node.poll();
      const now = world.clock.now();
      const { store, peppers } = node.parts;
      const ending = await store.search({ ...everyClient, endingBefore: now + 30 * day });
      assert.deepEqual(
        ending.clients.map(({ clientId }) => clientId),
        [unused.clientId],
      );
      assert.deepEqual((await store.search({ ...everyClient, endingBefore: now + 10 * day })).clients, []);
      const [client] = ending.clients;
      assert.ok(client);
      assert.deepEqual(warningsOf(client, now), [
        { what: "secret", secretId: unused.secretId, endsAt: deadline, withinDays: 30 },
      ]);
      assert.deepEqual(
        comingEnds(client, now, countingIds()).map(({ event }) => event.endsAt),
        [deadline],
      );
      assert.deepEqual(await peppers.progress(now), { moved: 1, toMove: 1 });
      const unmoved = await peppers.unmoved({ now, after: null, limit: 10 });
      assert.deepEqual(
        unmoved.map((row) => ({ ...row })),
        [{ secretId: unused.secretId, clientId: unused.clientId, label: null, lastUsedAt: null }],
      );
      world.clock.advance(deadline - now);
      const found = await store.find(client.clientId);
      const [secret] = found?.secrets ?? [];
      assert.ok(secret);
      assert.equal(secretStateAt(secret, deadline, null), "expired");
      assert.equal(await node.accepts(unused), false);
      assert.equal(await node.accepts(used), true);
    });

    test("end with the pepper, whose key is deleted once, with an event that says how many", async () => {
      await using database = await open();
      const world = await PepperWorld.open(database);
      const [node, other] = [await world.start(), await world.start()];
      await node.register();
      assert.ok((await node.rotate(3600)).ok);
      world.clock.advance(3_600_000 + 60_000);
      await Promise.all([node.deleteEnded(), other.deleteEnded()]);
      const events = await createSqlEventStore(database.db, world.ports).search(
        eventQuery({ kinds: ["pepper_ended"] }),
      );
      assert.equal(events.length, 1);
      assert.match(events[0]?.json ?? "", /"warning":"1 secret has ended, because nobody used it in time"/);
      const stored = database.db.selectFrom("peppers").select(["pepper_id", "sealed"]).orderBy("used_from");
      assert.deepEqual(
        (await stored.execute()).map(({ sealed }) => sealed === null),
        [true, false],
      );
      await (await world.start()).register(); // a node starts without the key
    });

    test("keep the digest that they moved to when their client is changed at the same time", async () => {
      await using database = await open();
      const world = await PepperWorld.open(database);
      const node = await world.start();
      const used = await node.register();
      assert.ok((await node.rotate(3600)).ok);
      world.clock.advance(61_000);
      await node.poll();
      assert.ok(await node.accepts(used));
      const changed = await changeClient(
        { clientId: used.clientId, ifMatch: undefined },
        node.admin,
        async (client) => {
          await node.moves.flush();
          return ok({ client: { ...client, clientName: "renamed" } });
        },
      );
      assert.ok(changed.ok);
      assert.deepEqual(await node.parts.peppers.progress(world.clock.now()), { moved: 1, toMove: 0 });
      assert.ok(await node.accepts(used));
    });

    test(`are counted while ${many} of them move, with a bounded number in memory`, async () => {
      await using database = await open();
      const world = await PepperWorld.open(database);
      const node = await world.start();
      const { ring, store, peppers } = node.parts;
      const names = Array.from({ length: many }, (_, number) => `c-${number}`); // short, because a secret id has it
      for (let start = 0; start < many; start += 1000)
        await store.insert(
          names.slice(start, start + 1000).map((clientId) => {
            const client = plainClient(clientId);
            const { digest, pepper } = ring.digest(clientId, "secret");
            return { ...client, secrets: client.secrets.map((secret) => ({ ...secret, digest, pepper })) };
          }),
          { ...withEvent(), owners: [] },
        );
      assert.ok((await node.rotate(3600)).ok);
      world.clock.advance(61_000);
      await node.poll();
      let most = 0;
      for (const [at, clientId] of names.entries()) {
        assert.ok(await node.accepts({ clientId, secret: "secret" }));
        most = Math.max(most, node.moves.pending);
        if (at === Math.floor(many / 2)) {
          await node.moves.flush();
          const { moved, toMove } = await peppers.progress(world.clock.now());
          assert.ok(moved > 0 && moved + toMove === many, `${moved} + ${toMove}`);
        }
        if (node.moves.pending === 5000) await node.moves.flush();
      }
      await node.moves.flush();
      assert.ok(most <= 5000);
      assert.deepEqual(await peppers.progress(world.clock.now()), { moved: many, toMove: 0 });
      assert.ok(await node.accepts({ clientId: clientIdOf(names[0] ?? ""), secret: "secret" }));
    });
  });
