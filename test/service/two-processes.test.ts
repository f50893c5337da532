import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const create = ["client", "create", "--json", "--scope", "x", "--store", "sqlite:carnet.db"];

suite("two services on one database", () => {
  test("serve the same keys and the same clients, and one goes on when the other stops", async () => {
    await using folder = await temporaryFolder();
    await using first = await serveCarnet({ folder: folder.path });
    await using second = await serveCarnet({ folder: folder.path });
    assert.deepEqual(await keysOf(first), await keysOf(second));

    const made = await runCarnet(create, { cwd: folder.path });
    const { client_id, client_secret } = JSON.parse(made.stdout);
    for (const { url } of [first, second]) {
      assert.equal((await requestToken(url, client_id, client_secret)).status, 200, "a client registered beside them");
      assert.equal((await requestToken(url, client_id, `${client_secret}x`)).status, 401);
    }
    first.process.kill("SIGTERM");
    assert.equal((await first.process.finished()).code, 0);
    const late = JSON.parse((await runCarnet(create, { cwd: folder.path })).stdout);
    assert.equal((await requestToken(second.url, late.client_id, late.client_secret)).status, 200);
  });

  test("that start at the same moment in an empty folder make one key and one master key", async () => {
    for (let round = 0; round < 3; round++) {
      await using folder = await temporaryFolder();
      const serving = [serveCarnet({ folder: folder.path }), serveCarnet({ folder: folder.path })] as const;
      const created = [runCarnet(create, { cwd: folder.path }), runCarnet(create, { cwd: folder.path })] as const;
      await using first = await serving[0];
      await using second = await serving[1];
      const keys = await keysOf(first);
      assert.equal(keys.length, 1);
      assert.deepEqual(await keysOf(second), keys);
      for (const { code, stdout, stderr } of await Promise.all(created)) {
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        const { client_id, client_secret } = JSON.parse(stdout);
        for (const { url } of [first, second])
          assert.equal((await requestToken(url, client_id, client_secret)).status, 200);
      }
      for (const { process } of [first, second]) {
        process.kill("SIGTERM");
        assert.equal((await process.finished()).code, 0);
      }
      assert.deepEqual(readdirSync(folder.path).sort(), ["carnet.db", "master.key"]);
    }
  });
});

async function keysOf({ url }: ServingCarnet): Promise<readonly unknown[]> {
  const { keys } = await (await fetch(`${url}/oauth2/jwks`)).json();
  return keys;
}
