// The drill of the guide to backups: copy a running service, lose it, and bring the copy back.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { blocksOf, readersFolder, runBlock, startDev, stopped } from "../support/reader.ts";
import { writeSqlite3StandIn } from "../support/sqlite3-stand-in.ts";

const page = join(import.meta.dirname, "../../docs/operate/backup-and-restore.md");

interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

test("a service that was restored as the guide says issues tokens for the secrets of before", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  if (spawnSync("sqlite3", ["--version"]).status !== 0) writeSqlite3StandIn(folder.file("bin"));
  const [backUp, keepKey, restore, start, list, ...others] = blocksOf(page);
  assert.deepEqual(others, []);
  const ports = new Map([["8090", String(await freePort())]]);
  const run = (block = ""): Promise<string> =>
    runBlock(
      block.replace(/\b80[89]0\b/g, (port) => ports.get(port) ?? port),
      folder.path,
      env,
    );
  const create = async (id: string): Promise<Credentials> =>
    JSON.parse(await run(`npx carnet client create --client-id ${id} --name ${id} --json`));

  const { carnet, url } = await startDev(folder.path);
  await using __ = carnet;
  ports.set("8080", new URL(url).port);
  const before = await create("before");
  await run(backUp);
  await run(keepKey);
  const after = await create("after");
  assert.equal(await statusOf(url, after), 200);
  carnet.kill("SIGKILL");
  await carnet.exited();

  await run(restore);
  try {
    await run(start);
    const restored = `http://127.0.0.1:${ports.get("8090")}`;
    assert.equal(await statusOf(restored, before), 200);
    assert.equal(await statusOf(restored, after), 401);
    assert.match(await run(list), /\bbefore\b(?!.*\bafter\b)/s);
  } finally {
    process.kill(Number(readFileSync(folder.file("restored.pid"), "utf8")), "SIGTERM");
    await stopped(folder.file("restored.log"));
  }
});

async function statusOf(url: string, credentials: Credentials): Promise<number> {
  const { client_id, client_secret } = credentials;
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  return (await fetch(`${url}/oauth2/token`, { method: "POST", body })).status;
}
