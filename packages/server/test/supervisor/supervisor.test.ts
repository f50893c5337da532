import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { mock, suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { createLog } from "@carnet/server/log/logger";
import { Supervisor } from "@carnet/server/supervisor/supervisor";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

/** A worker that opens nothing. Cannot start while there is a file `broken` beside it. */
const stub = `
import { existsSync } from "node:fs";
if (existsSync(new URL("broken", import.meta.url))) process.exit(1);
console.log(JSON.stringify({ pid: process.pid }));
process.on("message", (asked) => {
  if (asked === "metrics") process.send({ metrics: [] });
  if (asked === "retire" || asked === "stop") process.exit();
});
process.on("disconnect", () => process.exit());
process.send("serves");
`;

async function superviseStubs(workers: number) {
  const folder = await temporaryFolder();
  await writeFile(folder.file("stub.mjs"), stub);
  const [, own = ""] = process.argv;
  process.argv[1] = folder.file("stub.mjs"); // a worker runs the command of this process
  const flags = { host: "127.0.0.1", port: `${await freePort()}`, workers: `${workers}` };
  const configuration = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
  const lines: string[] = [];
  const output = new PassThrough().setEncoding("utf8").on("data", (line: string) => lines.push(line));
  let loads = 0;
  const load = async () => {
    loads++;
    return configuration;
  };
  const ports = { log: createLog("info", output), output, environment: process.env, load };
  const supervisor = await Supervisor.open(configuration, ports);
  assert.equal(await supervisor.start(), undefined);
  return {
    ...{ supervisor, loads: () => loads },
    breakWorkers: () => writeFile(folder.file("broken"), ""),
    log: () => lines.join(""),
    async [Symbol.asyncDispose]() {
      await supervisor.close();
      process.argv[1] = own;
      await folder[Symbol.asyncDispose]();
    },
  };
}

suite("a supervisor", () => {
  test("reloads once for all signals that arrive while a reload is in progress", async () => {
    await using stubs = await superviseStubs(2);
    const { supervisor, loads } = stubs;
    const first = supervisor.reload();
    while (loads() === 0) await setImmediate();
    await Promise.all([first, ...Array.from({ length: 100 }, () => supervisor.reload())]);
    assert.equal(loads(), 2);
    await supervisor.reload();
    assert.equal(loads(), 3);
  });

  test("leaks no descriptor over many reloads", async () => {
    const files = (): number => readdirSync("/proc/self/fd").length;
    await using stubs = await superviseStubs(2);
    await stubs.supervisor.reload();
    const before = files();
    for (let time = 0; time < 10; time++) await stubs.supervisor.reload();
    assert.ok(files() < before + 10, `${before}, then ${files()}`); // each reload opens at least 8
  });

  test("replaces a worker that is frozen, which would keep its connections waiting", { timeout: 60_000 }, async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      await using stubs = await superviseStubs(1);
      const pid = Number(/"pid":(\d+)}/.exec(stubs.log())?.[1]);
      process.kill(pid, "SIGSTOP");
      const passes = async (milliseconds: number, until: RegExp): Promise<void> => {
        for (; !until.test(stubs.log()); await setImmediate()) mock.timers.tick(milliseconds);
      };
      await passes(1000, new RegExp(`"pid":${pid}.*"event":"worker_killed"`));
      await passes(100, new RegExp(`"pid":${pid}.*"signal":"SIGKILL".*"event":"worker_ended"[^]*"pid":\\d+}`));
    } finally {
      mock.timers.reset();
    }
  });

  test("waits twice as long before each restart of a worker, and at most 30 seconds", { timeout: 60_000 }, async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      await using stubs = await superviseStubs(1);
      await stubs.breakWorkers();
      for (const worker of children()) process.kill(worker, "SIGKILL");
      for (const [earlier, delay] of [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000].entries()) {
        while ((stubs.log().match(/worker_ended/g)?.length ?? 0) <= earlier) await setImmediate();
        let waited = 0;
        for (; children().length === 0; waited += 100) mock.timers.tick(100);
        assert.equal(waited, delay);
      }
    } finally {
      mock.timers.reset();
    }
  });
});

const children = (): readonly number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
