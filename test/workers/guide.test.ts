import assert from "node:assert/strict";
import { test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { blocksOf, readersFolder, runBlock } from "../support/reader.ts";

test("the commands of docs/operate/workers.md start workers and reload them", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  const [start = "", reload = "", ...others] = blocksOf("docs/operate/workers.md");
  assert.deepEqual(others, []);
  await using carnet = new CarnetProcess([], {
    cwd: folder.path,
    env: { ...env, CARNET_PORT: String(await freePort()), CARNET_HOST: "127.0.0.1" },
    command: ["bash", "-euo", "pipefail", "-c", start],
  });
  const [, pid = ""] = await carnet.prints("stdout", /"pid":(\d+),"workers":\d+,"event":"workers_started"/);
  assert.ok(reload.includes("kill -HUP 4711"));
  await runBlock(reload.replace("4711", pid), folder.path, env);
  await carnet.prints("stdout", /"reloading"[\s\S]*"listening"[\s\S]*"retiring"[\s\S]*"stopped"[\s\S]*"reloaded"/);
});
