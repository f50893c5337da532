import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { suite, test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { sendProblem } from "@carnet/server/http/admin/problem-answers";
import { AnswerStreams, type StartTimer, tooManyStreams } from "@carnet/server/http/admin/streamed-answers";
import type { Log } from "@carnet/server/log/logger";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import Fastify from "fastify";

/** A service whose only answer is a stream. */
async function serving(chunks: (raw: ServerResponse) => AsyncIterable<string>, isAllowed = async () => true) {
  const faults: string[] = [];
  const cutOff = Promise.withResolvers<unknown>();
  const log: Log = {
    ...{ debug() {}, info() {} },
    warn: (_event, facts) => cutOff.resolve(facts?.["reason"]),
    fault: (event) => void faults.push(event),
  };
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const timers = new Set<() => void>();
  const startTimer: StartTimer = (run, milliseconds) => {
    assert.equal(milliseconds, 60_000);
    timers.add(run);
    return () => void timers.delete(run);
  };
  const app = Fastify();
  const streams = new AnswerStreams({ log, clock, startTimer });
  app.get("/", (_request, reply) =>
    streams.isFull ? sendProblem(reply, tooManyStreams) : streams.send(reply, { chunks: chunks(reply.raw), isAllowed }),
  );
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return { url, faults, clock, timers, cutOff: cutOff.promise, [Symbol.asyncDispose]: () => app.close() };
}

/** An endless stream that knows how many chunks were taken, and when it was closed. */
function endless() {
  let taken = 0;
  const closed = Promise.withResolvers<void>();
  async function* chunks(): AsyncGenerator<string> {
    try {
      for (;;) {
        taken++;
        yield `${"x".repeat(65_535)}\n`;
      }
    } finally {
      closed.resolve();
    }
  }
  return {
    chunks,
    closed: closed.promise,
    get taken() {
      return taken;
    },
  };
}

/** Waits until the caller, who does not read, is sent nothing more. */
async function isFull(stream: { readonly taken: number }, url: string): Promise<void> {
  let before = -1;
  while (before !== stream.taken) {
    before = stream.taken;
    for (let count = 0; count < 10; count++) await (await fetch(`${url}/other`)).text(); // time in which an unbounded stream would go on
  }
}

suite("a streamed answer", () => {
  test("arrives whole, as JSON Lines that are not stored", async () => {
    await using service = await serving(async function* () {
      yield '{"a":1}\n{"a":2}\n';
      yield '{"a":3}\n';
    });
    const response = await fetch(service.url);
    assert.equal(response.headers.get("content-type"), "application/jsonl;charset=UTF-8");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(await response.text(), '{"a":1}\n{"a":2}\n{"a":3}\n');
  });

  test("is made as fast as the caller reads, and ends when the caller hangs up", async () => {
    const stream = endless();
    await using service = await serving(stream.chunks);
    const hangUp = new AbortController();
    const response = await fetch(service.url, { signal: hangUp.signal });
    const reader = response.body?.getReader() ?? assert.fail("no body");
    await reader.read();
    await isFull(stream, service.url);
    assert.ok(stream.taken < 500, `${stream.taken} chunks for a caller that does not read`);
    hangUp.abort();
    await stream.closed;
    assert.deepEqual(service.faults, []);
  });

  test("is refused while two others run, and is accepted once one of them has ended", async () => {
    const streams = [endless(), endless()];
    const waiting = [...streams];
    await using service = await serving(() => waiting.shift()?.chunks() ?? ended());
    const hangUp = new AbortController();
    const first = await fetch(service.url, { signal: hangUp.signal });
    const second = await fetch(service.url, { signal: hangUp.signal });
    const refused = await fetch(service.url);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "5");
    assert.match(Object(await refused.json()).detail, /^two exports or verifications are running/);
    hangUp.abort();
    await Promise.all(streams.map(({ closed }) => closed));
    assert.deepEqual([first.status, second.status], [200, 200]);
    let again = await fetch(service.url);
    while (again.status === 503) again = await fetch(service.url); // the slot is free a moment after the stream is closed
    assert.equal(await again.text(), "ended\n");
  });

  test("breaks off visibly when it cannot be completed, and the log has the reason", async () => {
    await using service = await serving(async function* () {
      yield "first\n";
      throw new Error("the disk failed");
    });
    await assert.rejects(async () => (await fetch(service.url)).text());
    assert.deepEqual(service.faults, ["answer_cut_off"]);
  });

  test("is broken off when the caller reads nothing for a minute, which frees its place", async () => {
    const streams = [endless(), endless()];
    const waiting = [...streams];
    await using service = await serving(() => waiting.shift()?.chunks() ?? ended());
    const stalled = await Promise.all(streams.map(() => fetch(service.url)));
    for (const stream of streams) await isFull(stream, service.url);
    assert.equal((await fetch(service.url)).status, 503);
    assert.equal(service.timers.size, 2);
    for (const run of service.timers) run();
    await Promise.all(streams.map(({ closed }) => closed));
    assert.equal(await service.cutOff, "the caller stalled");
    let again = await fetch(service.url);
    while (again.status === 503) again = await fetch(service.url);
    assert.equal(await again.text(), "ended\n");
    for (const response of stalled) await assert.rejects(response.text());
    assert.deepEqual([service.faults, service.timers.size], [[], 0]);
  });

  test("is broken off too when the caller reads everything but the end", async () => {
    await using service = await serving(async function* (raw) {
      while (raw.writableLength === 0) {
        yield "x".repeat(16_384);
        await endOfTurn();
      }
    });
    const response = await fetch(service.url);
    for (let tries = 0; service.timers.size === 0; tries++) {
      assert.ok(tries < 500, "nothing watches the end");
      await (await fetch(`${service.url}/other`)).text();
    }
    for (const run of service.timers) run();
    assert.equal(await service.cutOff, "the caller stalled");
    await assert.rejects(response.text());
  });

  test("does not count the time that the next chunk takes", async () => {
    const next = Promise.withResolvers<void>();
    await using service = await serving(async function* () {
      yield "first\n";
      await next.promise;
      yield "second\n";
    });
    const response = await fetch(service.url);
    assert.equal(service.timers.size, 0);
    next.resolve();
    assert.equal(await response.text(), "first\nsecond\n");
  });

  test("asks every second whether the caller may still read, and breaks off if not", async () => {
    const answers = [true, false];
    const asked: number[] = [];
    const isAllowed = async () => {
      asked.push(service.clock.now());
      return answers.shift() ?? assert.fail("asked again");
    };
    await using service = await serving(async function* () {
      for (let second = 0; second < 20; second++) {
        yield `${second}\n`;
        service.clock.advance(1000);
      }
    }, isAllowed);
    const started = service.clock.now();
    await assert.rejects(async () => (await fetch(service.url)).text());
    assert.equal(await service.cutOff, "the caller is not allowed to read any more");
    assert.deepEqual(
      asked.map((at) => at - started),
      [1000, 2000],
    );
    assert.deepEqual(service.faults, []);
  });
});

async function* ended(): AsyncGenerator<string> {
  yield "ended\n";
}
