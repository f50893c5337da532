import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { WorkerProcess } from "@carnet/server/supervisor/worker-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const stub = `
process.on("message", (asked) => process.send({ asked }));
process.on("disconnect", () => process.exit());
process.send("serves");
`;

test("a worker reports when it is asked, and nothing once it has ended", async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file("stub.mjs"), stub);
  const [, own = ""] = process.argv;
  process.argv[1] = folder.file("stub.mjs"); // a worker runs the command of this process
  const worker = new WorkerProcess([], process.env, { othersServe: false });
  process.argv[1] = own;
  assert.equal(await worker.serves, true);
  for (let time = 0; time < 2; time++) assert.deepEqual(await worker.report(), { asked: "report" });
  worker.kill();
  assert.deepEqual(await worker.exited, { code: null, signal: "SIGKILL" });
  assert.equal(await worker.report(), undefined);
  assert.deepEqual(worker.lastReport, { asked: "report" }, "its latest report counts on");
});
