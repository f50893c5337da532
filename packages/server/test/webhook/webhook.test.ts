import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { databases } from "@carnet/testkit/test-database";
import { answerStatus, pathSecret } from "@carnet/testkit/webhook-receiver";
import { Webhook } from "standardwebhooks";
import { key, keyText, numbered, WebhookUnderTest } from "./webhook-under-test.ts";

const minute = 60_000;
const hour = 60 * minute;

for (const { name, open } of databases)
  suite(`A webhook, on ${name}`, () => {
    test("sends events in order, each once, in requests of at most 100", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(numbered(250));
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, numbered(250));
      assert.deepEqual(
        under.receiver.received.map(({ ids }) => ids.length),
        [100, 100, 50],
      );
      await under.webhook.deliver();
      await under.other.deliver();
      assert.equal(under.receiver.received.length, 3);
    });

    test("begins with the events after its first start, and continues after later starts", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.db.deleteFrom("webhook_delivery").execute(); // as in a store that never had a webhook
      await under.add(["old"]);
      await under.webhook.deliver();
      await under.begin();
      await under.add(["new"]);
      await under.begin();
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, ["new"]);
    });

    test("is signed as in Standard Webhooks", async () => {
      await using under = await WebhookUnderTest.open(open);
      under.clock.set(new Date().toISOString()); // the library refuses old timestamps
      await under.add(["e1"]);
      await under.webhook.deliver();
      const [{ body = "", headers = {} } = {}] = under.receiver.received;
      assert.doesNotThrow(() => new Webhook(keyText).verify(body, headers));
      assert.throws(() => new Webhook(keyText).verify(body.replace("e1", "e2"), headers));
      const other = `whsec_${Buffer.from(key).reverse().toString("base64")}`;
      assert.throws(() => new Webhook(other).verify(body, headers));
    });

    test("retries with growing pauses, one event at a time, and then continues with all", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(numbered(3));
      under.receiver.otherwise = answerStatus(500);
      const pauses: number[] = [];
      for (let attempt = 0; attempt < 14; attempt++) {
        await under.webhook.deliver();
        assert.equal(under.receiver.received.length, attempt + 1);
        const { next_attempt_at } = await under.db
          .selectFrom("webhook_delivery")
          .select("next_attempt_at")
          .executeTakeFirstOrThrow();
        pauses.push(next_attempt_at - under.clock.now());
        under.clock.set(new Date(next_attempt_at - 1).toISOString());
        await under.webhook.deliver();
        assert.equal(under.receiver.received.length, attempt + 1, "it waits for the whole pause");
        under.clock.advance(1);
      }
      for (const [n, pause] of pauses.entries()) {
        const full = Math.min(2000 * 2 ** n, 600_000);
        assert.ok(pause >= full / 2 && pause <= full, `pause ${n}: ${pause}`);
      }
      under.receiver.otherwise = answerStatus(204);
      await under.webhook.deliver();
      const ids = under.receiver.received.map((request) => request.ids);
      assert.deepEqual(ids.slice(0, 2), [["e1", "e2", "e3"], ["e1"]]);
      assert.deepEqual(ids.slice(-2), [["e1"], ["e2", "e3"]]);
      const repeated = under.receiver.received.slice(1, -1).map(({ headers }) => headers["webhook-id"]);
      assert.equal(new Set(repeated).size, 1, "a repetition has the same id");
      assert.equal(under.lines("webhook_recovered").length, 1);
    });

    suite("waits as long as Retry-After asks [RFC9110 §10.2.3]", () => {
      for (const [name, retryAfter, pause] of [
        ["seconds", "120", 120_000],
        ["a date", "Thu, 26 Nov 2026 12:03:00 GMT", 180_000],
        ["more than an hour", "999999999", hour],
        ["less than its own pause", "0", 1000],
        ["nonsense", "soon", 1000],
      ] as const) {
        test(name, async () => {
          await using under = await WebhookUnderTest.open(open);
          await under.add(["e1"]);
          under.receiver.answers.push(answerStatus(429, { "Retry-After": retryAfter }));
          await under.webhook.deliver();
          under.clock.advance(pause - 1);
          await under.webhook.deliver();
          assert.equal(under.receiver.received.length, 1);
          under.clock.advance(1001);
          await under.webhook.deliver();
          assert.equal(under.receiver.received.length, 2);
        });
      }
    });

    test("tries again after no answer, a closed connection, and a redirect, which it does not follow", async () => {
      await using under = await WebhookUnderTest.open(open, { timeout: 200 });
      await under.add(["e1"]);
      under.receiver.answers.push(
        () => {}, // never answers
        (response) => void response.destroy(),
        answerStatus(307, { Location: under.receiver.url }),
      );
      for (let attempt = 1; attempt <= 3; attempt++) {
        await under.webhook.deliver();
        assert.equal(under.receiver.received.length, attempt);
        under.clock.advance(10 * minute);
      }
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, ["e1", "e1", "e1", "e1"]);
      const reasons = under.lines("webhook_failed").map(({ reason }) => reason);
      assert.deepEqual(reasons, ["no answer within 0.2 seconds", "SocketError (UND_ERR_SOCKET)", "status 307"]);
    });

    test("needs no more of the answer than its status, and closes the connection of an endless one", async () => {
      await using under = await WebhookUnderTest.open(open, { timeout: 600_000 });
      await under.add(numbered(101));
      const closed = Promise.withResolvers<void>();
      under.receiver.answers.push(
        (response) => {
          const endless = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(16_384))) {}
          };
          response.on("close", closed.resolve).on("drain", endless).writeHead(200);
          endless();
        },
        (response) => {
          response.writeHead(200, { "Content-Length": "1000" }).write("cut off", () => response.destroy());
        },
      );
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, numbered(101));
      await closed.promise;
    });

    test("skips an event that is refused for 24 hours, says so, and delivers the others", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["poison", "good"]);
      under.receiver.otherwise = async (response) => {
        const poisoned = under.receiver.received.at(-1)?.ids.includes("poison");
        response.writeHead(poisoned ? 410 : 200).end();
      };
      for (let hours = 0; hours < 24; hours++) {
        await under.webhook.deliver();
        under.clock.advance(hour);
      }
      assert.ok(!under.receiver.received.some(({ ids }) => ids[0] !== "poison"));
      await under.webhook.deliver();
      await under.webhook.deliver();
      const last = under.receiver.received.at(-1);
      assert.deepEqual(last?.ids, ["good"]);
      assert.equal(JSON.parse(last?.body ?? "").skipped, 1);
      assert.deepEqual(
        under.lines("webhook_events_skipped").map(({ level, events, reason }) => ({ level, events, reason })),
        [{ level: "warn", events: 1, reason: "refused for 24 hours: status 410" }],
      );
      await under.add(["later"]);
      await under.webhook.deliver();
      assert.ok(!("skipped" in JSON.parse(under.receiver.received.at(-1)?.body ?? "")), "it says so once");
    });

    test("keeps events for a receiver that is down for a weekend", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1"]);
      under.receiver.otherwise = answerStatus(503);
      for (let hours = 0; hours < 72; hours++) {
        await under.webhook.deliver();
        under.clock.advance(hour);
      }
      await under.add(["e2"]);
      under.receiver.otherwise = answerStatus(200);
      await under.webhook.deliver();
      assert.deepEqual(
        under.receiver.received.slice(-2).map(({ ids }) => ids),
        [["e1"], ["e2"]],
      );
    });

    test("skips events that have waited for a week, as after it was turned off", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1", "e2"]);
      under.clock.advance(7 * 24 * hour);
      await under.webhook.deliver();
      assert.equal(under.receiver.received.length, 0);
      await under.add(["e3"]);
      await under.webhook.deliver();
      assert.deepEqual(under.receiver.ids, ["e3"]);
      assert.equal(JSON.parse(under.receiver.received[0]?.body ?? "").skipped, 2);
    });

    test("skips the oldest of more than 100,000 waiting events", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(numbered(100_007));
      under.receiver.answers.push(answerStatus(500));
      await under.webhook.deliver();
      assert.equal(under.receiver.ids[0], "e8");
      assert.equal(JSON.parse(under.receiver.received[0]?.body ?? "").skipped, 7);
      assert.deepEqual(
        under.lines("webhook_events_skipped").map(({ events }) => events),
        [7],
      );
      under.clock.advance(hour);
      under.receiver.answers.push(answerStatus(200));
      under.receiver.otherwise = answerStatus(500);
      await under.webhook.deliver();
      assert.equal(JSON.parse(under.receiver.received[1]?.body ?? "").skipped, 7, "until a request has told it");
    });

    test("logs the host of the receiver, but neither the path nor the key", async () => {
      await using under = await WebhookUnderTest.open(open);
      await under.add(["e1"]);
      under.receiver.answers.push(answerStatus(404, { Location: under.receiver.url }), (response) => {
        response.socket?.end("this is no HTTP\r\n\r\n");
      });
      for (let attempt = 0; attempt < 3; attempt++) {
        await under.webhook.deliver();
        under.clock.advance(hour);
      }
      await under.receiver[Symbol.asyncDispose]();
      await under.add(["e2"]);
      await under.webhook.deliver();
      const reasons = under.lines("webhook_failed").map(({ reason }) => reason);
      assert.deepEqual(reasons, ["status 404", "HTTPParserError", "Error (ECONNREFUSED)"]);
      for (const { host } of under.lines("webhook_failed")) assert.equal(host, new URL(under.receiver.url).host);
      const log = under.logged.join("");
      for (const secret of [pathSecret, key.toString(), key.toString("base64"), key.toString("hex")]) {
        assert.ok(!log.includes(secret));
      }
    });
  });
