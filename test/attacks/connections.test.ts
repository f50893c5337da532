import assert from "node:assert/strict";
import { test } from "node:test";
import { carnetBin } from "@carnet/testkit/carnet-process";
import { Target } from "./support/target.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const slowHead = "POST /oauth2/token HTTP/1.1\r\nHost: x\r\n";
const slowBody = `${slowHead}Content-Length: 60000\r\n\r\n`;

for (const [connections, requests] of [
  [2, 1000],
  [20, 1000],
  [20, 64],
] as const) {
  test(`${connections} connections that pipeline ${requests} requests for a large file and never read use few resources`, async () => {
    await using target = await Target.start();
    await (await fetch(`${target.url}/docs/reader.js`)).arrayBuffer();
    const before = { files: target.files, memory: target.memory };
    for (let opened = 0; opened < connections; opened++) await target.hold(get("/docs/reader.js").repeat(requests));
    await target.answersHonestCallers();
    assert.ok(target.files <= before.files + connections + 5, `${before.files} files, then ${target.files}`);
    assert.ok(target.memory < before.memory + 60, `${before.memory} MiB, then ${target.memory}`);
  });
}

test("2,000 slow bodies take memory only for the bytes that have arrived", async () => {
  await using target = await Target.start();
  const twoChunks = `${slowHead}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\na\r\n`;
  for (let opened = 0; opened < 2000; opened += 100) {
    const from = `127.0.1.${1 + Math.floor(opened / 500)}`;
    await Promise.all(Array.from({ length: 100 }, () => target.hold(twoChunks, from)));
  }
  await target.answersHonestCallers();
  assert.ok(target.files > 2000, `${target.files} files: the connections must be open`);
  assert.ok(target.memory < 200, `${target.memory} MiB`);
});

test("an address gets 512 connections, and neither busy nor idle ones block other callers", async () => {
  await using target = await Target.start();
  const before = target.files;
  for (const request of [slowBody, get("/health/live"), "GET / HTTP/1.1\r\n"]) {
    for (let opened = 0; opened < 600; opened += 100)
      await Promise.all(Array.from({ length: 100 }, () => target.hold(request)));
    await target.answersHonestCallers();
    assert.ok(target.files <= before + 520, `${before} files, then ${target.files}`);
  }
});

test("an address gets at most a quarter of all connections", async () => {
  const limited = ["sh", "-c", 'ulimit -n 300 && exec "$0" "$@"', process.execPath, carnetBin] as const;
  await using target = await Target.start({ command: [...limited] });
  const before = target.files;
  await Promise.all(Array.from({ length: 300 }, () => target.hold(slowBody)));
  await target.answersHonestCallers();
  assert.ok(target.files <= before + (300 - 128) / 4 + 5, `${before} files, then ${target.files}`);
});

test("idle connections do not block their own address", async () => {
  await using target = await Target.start();
  for (let opened = 0; opened < 600; opened += 100)
    await Promise.all(Array.from({ length: 100 }, () => target.hold(get("/health/live"))));
  await target.answersHonestCallers("127.0.0.3");
});

test("a trusted proxy gets any number of connections", async () => {
  await using target = await Target.start({ args: ["--trusted-proxies", "127.0.0.3"] });
  for (let opened = 0; opened < 600; opened += 100)
    await Promise.all(Array.from({ length: 100 }, () => target.hold(slowBody)));
  await target.answersHonestCallers("127.0.0.3");
  assert.ok(target.files > 600, `${target.files} files`);
});

test("a flood from many addresses leaves the service enough file descriptors", async () => {
  const limited = ["sh", "-c", 'ulimit -n 256 && exec "$0" "$@"', process.execPath, carnetBin] as const;
  await using target = await Target.start({ command: [...limited] });
  for (let from = 3; from < 8; from++)
    await Promise.all(Array.from({ length: 100 }, () => target.hold(get("/health/live"), `127.0.0.${from}`)));
  assert.ok(target.files < 256 - 60, `${target.files} files`);
  // The next check of the service closes idle connections, because there is no room for new ones
  await target.logs(/"event":"connections_closed"/);
  // The server counts a closed connection until the end of its turn
  while (!(await fetch(`${target.url}/health/live`).catch(() => undefined))) await new Promise(setImmediate);
  await target.answersHonestCallers();
});
