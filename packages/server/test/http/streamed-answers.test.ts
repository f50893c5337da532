import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { sendProblem } from "@carnet/server/http/admin/problem-answers";
import { AnswerStreams, tooManyStreams } from "@carnet/server/http/admin/streamed-answers";
import type { Log } from "@carnet/server/log/logger";
import Fastify from "fastify";

/** A service whose only answer is a stream. */
async function serving(chunks: () => AsyncIterable<string>) {
  const faults: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, fault: (event) => void faults.push(event) };
  const app = Fastify();
  const streams = new AnswerStreams(log);
  app.get("/", (_request, reply) =>
    streams.isFull ? sendProblem(reply, tooManyStreams) : streams.send(reply, chunks()),
  );
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return { url, faults, [Symbol.asyncDispose]: () => app.close() };
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
    let before = -1;
    while (before !== stream.taken) {
      before = stream.taken;
      await (await fetch(`${service.url}/other`)).text(); // time in which an unbounded stream would go on
    }
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
});

async function* ended(): AsyncGenerator<string> {
  yield "ended\n";
}
