import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import type { Result } from "@carnet/protocol/result";
import { receiveBody } from "@carnet/server/http/received-body";
import { liveBytes } from "@carnet/testkit/live-bytes";

const limit = 64 * 1024;

/** Receives the body of one chunked request. Returns the outcome and the memory it took. */
async function receive(chunks: readonly string[], end: boolean) {
  let outcome: Result<Buffer, string> | undefined;
  let started = 0;
  const server = createServer((request, response) => {
    started = liveBytes();
    void receiveBody(request, limit).then((body) => {
      outcome = body;
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const socket = connect(address.port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let at = 0; at < chunks.length; at += 1000) {
    const some = chunks.slice(at, at + 1000).map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    await new Promise<void>((sent) => socket.write(some.join(""), () => sent()));
  }
  if (end) {
    socket.write("0\r\n\r\n");
    await once(socket, "data");
  } else await new Promise((soon) => setTimeout(soon, 200));
  const taken = liveBytes() - started;
  socket.destroy();
  server.close();
  await once(server, "close");
  return { outcome, taken };
}

test("a body is received whole for any split into chunks", async () => {
  for (const chunks of [["abc"], ["a", "b", "c"], ["a".repeat(40_000), "b".repeat(25_536)], []]) {
    const { outcome } = await receive(chunks, true);
    assert.ok(outcome?.ok);
    assert.equal(outcome.value.toString(), chunks.join(""));
  }
});

test("a body over the limit is refused as soon as the limit is exceeded", async () => {
  const { outcome } = await receive(["a".repeat(limit), "b"], false);
  assert.deepEqual(outcome, { ok: false, error: "too large" });
});

test("an endless body in one-byte chunks takes no more memory than the limit allows", async () => {
  const { outcome, taken } = await receive(
    Array.from({ length: 60_000 }, () => "a"),
    false,
  );
  assert.equal(outcome, undefined);
  assert.ok(taken < 6e6, `${taken} bytes`);
});
