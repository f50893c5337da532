import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { suite, test } from "node:test";
import { CarnetProcess, runCarnet } from "@carnet/testkit/carnet-process";
import { serveCarnet } from "@carnet/testkit/serve-carnet";
import { assertServed } from "./support/assert-whole.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { contentsOf, makeStore } from "./support/store-files.ts";
import { unprivileged } from "./support/unprivileged.ts";

const serve = ["serve", "--issuer", "http://localhost:8080", "--data-dir", "."];

suite("an address that is not available", () => {
  test("stops the start when another process has the port, and nothing is changed", async () => {
    await using store = await makeStore();
    await assertServed(store.path); // creates the first admin client
    const before = contentsOf(store.path);
    await using other = createServer();
    await once(other.listen(0, "127.0.0.1"), "listening");
    const address = other.address();
    assert.ok(typeof address === "object" && address !== null);
    for (const command of [serve, ["dev", "--data-dir", "."]]) {
      assertStopsWith(
        await runCarnet([...command, "--host", "127.0.0.1", "--port", String(address.port)], { cwd: store.path }),
        new RegExp(
          `The port ${address.port} of 127\\.0\\.0\\.1 is taken by another process: end that process, or set CARNET_PORT or`,
        ),
      );
    }
    assert.deepEqual(contentsOf(store.path), before);
    await using _carnet = await serveCarnet({ folder: store.path });
  });

  test("stops the start when the host is not an address of this machine", async () => {
    await using store = await makeStore();
    await assertServed(store.path); // creates the first admin client
    const before = contentsOf(store.path);
    // An address for documentation (RFC 5737), a label too long for DNS, and a link-local address without its zone
    for (const host of ["203.0.113.1", "a".repeat(64), "fe80::1"]) {
      assertStopsWith(
        await runCarnet([...serve, "--host", host], { cwd: store.path }),
        new RegExp(
          `${host} is not an address of this machine \\(\\w+\\): set CARNET_HOST or --host to one that is, or to 0\\.0\\.0\\.0`,
        ),
      );
    }
    assert.deepEqual(contentsOf(store.path), before);
  });

  test("stops the start at a low port when this user may not use it", async () => {
    await using store = await makeStore();
    // Some systems allow low ports to everyone. There the service must listen
    const port = String(randomInt(600, 1024));
    await using carnet = new CarnetProcess([...serve, "--host", "127.0.0.1", "--port", port], {
      cwd: store.path,
      command: unprivileged,
    });
    const listening = carnet.prints("stdout", /"event":"listening"/).then(() => carnet.kill("SIGTERM"));
    const [finished] = await Promise.all([carnet.finished(), listening.catch(() => {})]);
    if (finished.code === 0) assert.match(finished.stdout, /"event":"stopped"/);
    else assertStopsWith(finished, /This user may not listen on port \d+: set CARNET_PORT or --port to one above 1023/);
  });
});
