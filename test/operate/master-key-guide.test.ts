// The guide to the master key: replace it beside a running service, and start again with the new one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { blocksOf, readersFolder, runBlock, startDev } from "../support/reader.ts";

const page = join(import.meta.dirname, "../../docs/operate/master-key.md");

test("the master key is replaced as the guide says, and the service issues tokens all the time", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  const [rotate, swap, finish, ...others] = blocksOf(page);
  assert.ok(finish !== undefined && others.length === 0);
  const run = (block = ""): Promise<string> => runBlock(block, folder.path, env);
  const adminGetsToken = async (url: string): Promise<void> => {
    const { client_id, client_secret } = JSON.parse(readFileSync(folder.file(".carnet/admin.json"), "utf8"));
    assert.equal((await requestToken(url, client_id, client_secret)).status, 200);
  };
  const first = await startDev(folder.path);
  await using _first = first.carnet;
  const before = readFileSync(folder.file(".carnet/master.key"), "utf8");
  assert.match(await run(rotate), /^Two master keys open the store now\./);
  await adminGetsToken(first.url);
  assert.match(await run(swap), /^this node has +\w{16}, the new one$/m);
  assert.notEqual(readFileSync(folder.file(".carnet/master.key"), "utf8"), before);
  first.carnet.kill("SIGTERM");
  assert.equal(await first.carnet.exited(), 0);
  const second = await startDev(folder.path);
  await using _second = second.carnet;
  assert.match(await run(finish), /^Only the new master key \w{16} opens the store now\./);
  await adminGetsToken(second.url);
});
