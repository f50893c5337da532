import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { openTestRegistry, type TestRegistry } from "@carnet/testkit/open-test-registry";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

suite("two services on one database", () => {
  test("serve the same keys and clients, and one continues when the other stops", async () => {
    await using folder = await temporaryFolder();
    await using first = await serveCarnet({ folder: folder.path });
    await using second = await serveCarnet({ folder: folder.path });
    assert.deepEqual(await keysOf(first), await keysOf(second));

    const registry = await openTestRegistry(folder.file("carnet.db"));
    const { client_id, client_secret } = await register(registry);
    for (const { url } of [first, second]) {
      assert.equal(
        (await requestToken(url, client_id, client_secret)).status,
        200,
        "a client registered by another process",
      );
      assert.equal((await requestToken(url, client_id, `${client_secret}x`)).status, 401);
    }
    first.process.kill("SIGTERM");
    assert.equal((await first.process.finished()).code, 0);
    const late = await register(registry);
    await registry.close();
    assert.equal((await requestToken(second.url, late.client_id, late.client_secret)).status, 200);
  });

  test("that start at once in an empty folder create one signing key, one master key and one admin client", async () => {
    for (let round = 0; round < 3; round++) {
      await using folder = await temporaryFolder();
      const serving = [serveCarnet({ folder: folder.path }), serveCarnet({ folder: folder.path })] as const;
      const registry = await openTestRegistry(folder.file("carnet.db"));
      const made = await register(registry);
      await registry.close();
      await using first = await serving[0];
      await using second = await serving[1];
      const keys = await keysOf(first);
      assert.equal(keys.length, 1);
      assert.deepEqual(await keysOf(second), keys);
      const { client_id, client_secret } = JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));
      for (const { url } of [first, second]) {
        assert.equal((await requestToken(url, made.client_id, made.client_secret)).status, 200);
        assert.equal((await requestToken(url, client_id, client_secret)).status, 200, "the one admin client");
      }
      for (const { process } of [first, second]) {
        process.kill("SIGTERM");
        assert.equal((await process.finished()).code, 0);
      }
      assert.deepEqual(readdirSync(folder.path).sort(), ["admin.json", "carnet.db", "journal", "master.key"]);
    }
  });
});

async function register(registry: TestRegistry): Promise<{ client_id: string; client_secret: string }> {
  const registered = await registerClient({ scope: "x" }, registry);
  assert.ok(registered.ok);
  const { client, generatedSecret } = registered.value;
  return { client_id: client.clientId, client_secret: generatedSecret?.reveal() ?? "" };
}

async function keysOf({ url }: ServingCarnet): Promise<readonly unknown[]> {
  const { keys } = await (await fetch(`${url}/oauth2/jwks`)).json();
  return keys;
}
