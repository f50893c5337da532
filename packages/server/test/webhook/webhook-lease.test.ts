import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { leaseTime } from "@carnet/server/webhook/webhook-queue";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { databases } from "@carnet/testkit/test-database";
import { answerStatus } from "@carnet/testkit/webhook-receiver";
import { numbered, start, WebhookUnderTest } from "./webhook-under-test.ts";

for (const { name, open } of databases)
  suite(`A webhook that several processes could send, on ${name}`, () => {
    test("is sent by one process at a time", async () => {
      await using under = await WebhookUnderTest.open(open);
      const everywhere = (): Promise<unknown> => Promise.all([under.webhook.deliver(), under.other.deliver()]);
      for (let round = 0; round < 20; round++) {
        await under.add(numbered(7, round * 7 + 1));
        await everywhere();
      }
      assert.deepEqual(under.receiver.ids, numbered(140));
      assert.equal(under.receiver.busiest, 1);
    });

    test("does not move the position after another process has taken over", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1"]);
      const queue = under.queue;
      const suspended = await queue.lease(under.clock.now());
      assert.ok(suspended);
      assert.equal(await queue.lease(under.clock.now() + leaseTime - 1), undefined);
      const current = await queue.lease(under.clock.now() + leaseTime);
      assert.ok(current);
      const next = { delivered: 0, skipped: 0, attempts: 0, refusedSince: null, nextAttemptAt: 0 };
      await queue.release(suspended, next);
      assert.equal(await queue.lease(under.clock.now() + leaseTime), undefined, "the lease is still the other's");
      await queue.release(suspended, { ...next, delivered: 1 });
      await queue.release(current, next);
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, ["e1"]);
    });

    test("goes on at once after the clock was set back", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1"]);
      under.receiver.answers.push(answerStatus(500));
      await under.webhook.deliver();
      under.clock.set("2026-01-01T00:00:00Z");
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, ["e1", "e1"]);
    });

    test("ends a request when the process stops, and another process continues", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1"]);
      under.receiver.answers.push(() => {});
      const delivery = under.webhook.deliver();
      await under.receiver.requests(1);
      under.webhook.stop();
      await delivery;
      assert.deepEqual(under.lines("webhook_failed"), []);
      await under.other.deliver();
      assert.deepEqual(under.receiver.ids, ["e1", "e1"]);
    });

    test("is repeated after a `kill -9` between the request and the commit, once the lease has ended", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1", "e2"]);
      const killed = Promise.withResolvers<void>();
      under.receiver.answers.push(async (response) => {
        await killed.promise;
        response.end("ok");
      });
      await using child = new CarnetProcess([under.url, under.receiver.url, start], {
        command: [process.execPath, fileURLToPath(new URL("deliver-until-killed.ts", import.meta.url))],
      });
      await under.receiver.requests(1);
      child.kill("SIGKILL");
      await child.finished();
      killed.resolve();
      under.clock.advance(leaseTime - 1);
      await under.webhook.deliver();
      assert.equal(under.receiver.received.length, 1);
      under.clock.advance(1);
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, ["e1", "e2", "e1", "e2"]);
    });
  });
