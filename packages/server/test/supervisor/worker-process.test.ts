import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { WorkerProcess } from "@carnet/server/supervisor/worker-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const stub = `
process.on("message", (message) => process.send([{ name: "carnet_asked", asked: message }]));
process.on("disconnect", () => process.exit());
process.send("serves");
`;

test("a worker tells its numbers when it is asked, and nothing once it has ended", async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file("stub.mjs"), stub);
  const [, own = ""] = process.argv;
  process.argv[1] = folder.file("stub.mjs"); // a worker runs the command of this process
  const worker = new WorkerProcess([], process.env, { othersServe: false });
  process.argv[1] = own;
  assert.equal(await worker.serves, true);
  for (let time = 0; time < 2; time++)
    assert.deepEqual(await worker.metrics(), [{ name: "carnet_asked", asked: "metrics" }]);
  worker.kill();
  assert.deepEqual(await worker.exited, { code: null, signal: "SIGKILL" });
  assert.equal(await worker.metrics(), undefined);
});
