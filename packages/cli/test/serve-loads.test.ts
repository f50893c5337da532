import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { sourceBin } from "@carnet/testkit/carnet-process";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const recorder = new URL("./support/record-loads.ts", import.meta.url);

suite("the modules that carnet serve loads", () => {
  test("include no schema for the start, a token, the keys or a probe", async () => {
    await using folder = await temporaryFolder();
    const env = { RECORD_LOADS_IN: folder.file("loads"), NODE_OPTIONS: `--import=${recorder}` };
    const command = [process.execPath, sourceBin] as const; // in a bundle, no file belongs to one package
    await using carnet = await serveCarnet({ folder: folder.path, env, command });
    const packages = async (): Promise<ReadonlySet<string | undefined>> => {
      const loads = (await readFile(folder.file("loads"), "utf8")).split("\n");
      return new Set(loads.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]));
    };

    const { client_id, client_secret } = JSON.parse(await readFile(folder.file("admin.json"), "utf8"));
    assert.equal((await requestToken(carnet.url, client_id, client_secret)).status, 200);
    assert.equal((await requestToken(carnet.url, client_id, `${client_secret}x`)).status, 401);
    for (const path of ["/oauth2/jwks", "/.well-known/oauth-authorization-server", "/health/ready", "/docs", "/none"]) {
      await (await fetch(carnet.url + path)).text();
    }
    const before = await packages();
    assert.ok(before.has("fastify"));
    assert.ok(!before.has("typebox"), "TypeBox is loaded though nobody asked for what needs it");
    assert.ok(!before.has("ajv"), "Fastify's compilers are loaded though no route has a schema");

    assert.equal((await fetch(`${carnet.url}/openapi.json`)).status, 200);
    assert.ok((await packages()).has("typebox"), "the description is made without TypeBox, so this test looks in vain");
  });
});
