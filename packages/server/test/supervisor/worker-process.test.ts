import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { WorkerProcess } from "@carnet/server/supervisor/worker-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

/** Answers with the question, and ends the line that it has begun in its log. */
const stub = `
process.stdout.write("begun ");
process.on("message", (asked) => {
  process.stdout.write("ended\\n");
  process.send({ [asked]: [asked] });
});
process.on("disconnect", () => process.exit());
process.send({ metrics: [] });
process.send("serves");
`;

async function startStub(): Promise<WorkerProcess> {
  await using folder = await temporaryFolder();
  await writeFile(folder.file("stub.mjs"), stub);
  const [, own = ""] = process.argv;
  process.argv[1] = folder.file("stub.mjs"); // a worker runs the command of this process
  const worker = new WorkerProcess([], process.env, { othersServe: false });
  process.argv[1] = own;
  assert.equal(await worker.serves, true);
  return worker;
}

const patience = 60_000;

suite("a worker", () => {
  test("answers what it is asked, and nothing once it has ended", async () => {
    const worker = await startStub();
    for (const what of ["metrics", "readiness", "metrics"] as const)
      assert.deepEqual(await worker.ask(what, patience), [what]);
    worker.kill();
    assert.deepEqual(await worker.exited, { code: null, signal: "SIGKILL" });
    assert.equal(await worker.ask("metrics", patience), undefined);
    assert.deepEqual(worker.lastMetrics, ["metrics"], "its latest metrics count on");
  });

  test("that is frozen is waited for only so long, and not at all once it has ended", async () => {
    const worker = await startStub();
    process.kill(worker.pid, "SIGSTOP");
    assert.equal(await worker.ask("metrics", 10), undefined);
    const asked = worker.ask("metrics", patience);
    worker.kill();
    const killedAt = performance.now();
    assert.equal(await asked, undefined);
    assert.ok(performance.now() - killedAt < patience / 2);
  });

  test("has its log copied in whole lines, even when another writes between the parts of one", async () => {
    const output = new PassThrough().setEncoding("utf8");
    let log = "";
    output.on("data", (text: string) => (log += text));
    const [first, second] = [await startStub(), await startStub()];
    const copied = [first, second].map((worker) => worker.copyLog(output));
    await second.ask("metrics", patience);
    while (log === "") await setImmediate();
    assert.equal(log, "begun ended\n");
    await first.ask("metrics", patience);
    for (const worker of [first, second]) worker.kill();
    await Promise.all(copied);
    assert.equal(log, "begun ended\nbegun ended\n");
  });
});
