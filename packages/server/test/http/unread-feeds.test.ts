import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { limitUnreadFeeds } from "@carnet/server/http/unread-feeds";

const size = 32 * 1024 * 1024; // more than the kernel buffers

test("callers that do not read keep no more than a few feeds, and the newest is still served", async (t) => {
  let feed = Buffer.alloc(size);
  const bound = limitUnreadFeeds(3 * size);
  const server = createServer((_request, response) => {
    bound(response, feed);
    response.end(feed);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;

  /** Asks for the feed and reads only the start of it. */
  async function ask() {
    const socket = connect(port, "127.0.0.1");
    const isCut = new Promise((resolve) => socket.once("close", resolve)).then(() => true);
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "readable");
    return { socket, isCut };
  }

  const [first, second] = [await ask(), await ask()]; // they share a feed
  feed = Buffer.alloc(size);
  const third = await ask();
  feed = Buffer.alloc(size);
  const fourth = await ask();
  const cut = () => [first, second, third, fourth].map(({ socket }) => socket.destroyed);
  assert.deepEqual(cut(), [false, false, false, false]);
  feed = Buffer.alloc(size);
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal((await answer.arrayBuffer()).byteLength, size);
  first.socket.resume();
  second.socket.resume();
  assert.deepEqual(await Promise.all([first.isCut, second.isCut]), [true, true]);
  for (const { socket } of [first, second]) assert.ok(socket.bytesRead < size, "it has the whole feed");
  assert.deepEqual(cut(), [true, true, false, false]);
});
