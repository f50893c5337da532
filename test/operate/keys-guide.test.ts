// The runbook for leaks, followed in order on one service: each secret is replaced, and what was replaced is void.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { decodeProtectedHeader } from "jose";
import { blocksOf, readersFolder, runBlock, startDev } from "../support/reader.ts";

const page = join(import.meta.dirname, "../../docs/operate/keys.md");

test("each command of the runbook for leaked secrets does what the page says", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  const [client, admin, key, pepper, masterKey, finish, ...others] = blocksOf(page);
  assert.deepEqual(others, []);
  const run = (block = ""): Promise<string> => runBlock(block, folder.path, env);
  const adminSecret = (): { client_id: string; client_secret: string } =>
    JSON.parse(readFileSync(folder.file(".carnet/admin.json"), "utf8"));
  const { carnet, url } = await startDev(folder.path);
  await using __ = carnet;
  const statusOf = async (id: string, secret: string) => (await requestToken(url, id, secret)).status;
  const create = "npx carnet client create --client-id app --scope file:read --json";
  const app = JSON.parse(await run(create));
  const keyOf = async (): Promise<string | undefined> => {
    const { access_token } = await (await requestToken(url, app.client_id, app.client_secret)).json();
    return decodeProtectedHeader(access_token).kid;
  };
  const kids = async (state?: string): Promise<(string | undefined)[]> => {
    const { keys } = JSON.parse(await run("npx carnet key list --json"));
    return keys.flatMap((one: { kid: string; state: string }) => (state && one.state !== state ? [] : [one.kid]));
  };

  await run(client);
  assert.ok(existsSync(folder.file("new-secret.txt")));
  const demo = JSON.parse(await run("npx carnet secret list demo --json"));
  assert.equal(demo.secrets.filter(({ state }: { state: string }) => state === "active").length, 1);

  const before = adminSecret();
  await run(admin);
  // The command works on the store, and the service hears of it within a second
  for (const end = performance.now() + 5000; performance.now() < end; await pause(50))
    if ((await statusOf(before.client_id, before.client_secret)) === 401) break;
  assert.equal(await statusOf(before.client_id, before.client_secret), 401);
  assert.equal(await statusOf(adminSecret().client_id, adminSecret().client_secret), 200);

  await run("npx carnet key rotate"); // the thief may have an upcoming key as well
  const stolen = await kids();
  assert.ok(stolen.length === 2 && stolen.includes(await keyOf()));
  assert.match(await run(key), /\brevoked\b/);
  assert.deepEqual((await kids("revoked")).sort(), stolen.sort());
  assert.ok(!stolen.includes(await keyOf()));

  assert.match(await run(pepper), /still to move/);
  assert.equal(await statusOf(app.client_id, app.client_secret), 200);

  await run(masterKey);
  assert.match(await run(finish), /^Only the new master key \w{16} opens the store now\./);
  assert.equal(await statusOf(app.client_id, app.client_secret), 200);
});
