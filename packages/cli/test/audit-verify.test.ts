import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { CarnetProcess } from "@carnet/testkit/carnet-process";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertRefused, startAdminService } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

const complete =
  /^Checked \d+ records in 1 file in \d+\.\d s, \d+ records per second\.\nThe journal is complete and unaltered\.\n$/;

/** Runs a service, requests some tokens, and stops it. Returns what it wrote to standard output. */
async function servedOnce(folder: string, args: readonly string[] = []): Promise<string> {
  await using service = await serveCarnet({ folder, args });
  const { client_id, client_secret } = JSON.parse(await readFile(join(folder, "admin.json"), "utf8"));
  for (let at = 0; at < 5; at++) assert.equal((await requestToken(service.url, client_id, client_secret)).status, 200);
  return await stopped(service.process);
}

async function stopped(process: CarnetProcess): Promise<string> {
  process.kill("SIGTERM");
  const { code, stdout } = await process.finished();
  assert.equal(code, 0);
  return stdout;
}

suite("carnet audit verify", () => {
  test("checks the journal of the running service", async () => {
    await using at = await startAdminService();
    const { code, stdout, stderr } = await at.carnet(["audit", "verify"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, complete);
    const { records, seconds, ...result } = Object(await at.json(["audit", "verify"]));
    assert.deepEqual(result, { files: 1, problems: [], notes: [], other_nodes: [] });
    assert.ok(records > 3 && seconds >= 0);
  });

  test("names --offline if the service does not answer", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = { CARNET_SERVER_URL: url, CARNET_ADMIN_CLIENT_ID: "x", CARNET_ADMIN_CLIENT_SECRET: "planted" };
    assertRefused(
      await runCommand(["audit", "verify"], { env }),
      /Cannot connect to .*\nIf the service is stopped, .*`carnet audit verify --offline`, with the --data-dir/s,
    );
  });

  test("says how to check a journal that goes to standard output", async () => {
    await using at = await startAdminService({ settings: { journal: "stdout" } });
    assertRefused(
      await at.carnet(["audit", "verify"]),
      /^carnet: Refused: the journal of this node goes to standard output: .*`carnet audit verify --input FILE`/,
    );
  });
});

suite("carnet audit verify --offline", () => {
  let folder: TemporaryFolder;
  let file: string;
  let written: string;
  before(async () => {
    folder = await temporaryFolder();
    await servedOnce(folder.path);
    const [name = "", ...others] = await readdir(folder.file("journal"));
    assert.deepEqual(others, []);
    file = folder.file(`journal/${name}`);
    written = await readFile(file, "utf8");
  });
  after(() => folder[Symbol.asyncDispose]());
  const verify = (...args: readonly string[]) =>
    runCommand(["audit", "verify", "--offline", "--data-dir", ".", ...args], { cwd: folder.path });

  test("needs no service and no master key", async () => {
    const key = await readFile(folder.file("master.key"));
    await rm(folder.file("master.key"));
    const { code, stdout, stderr } = await verify();
    await writeFile(folder.file("master.key"), key, { mode: 0o600 });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, complete);
  });

  test("names the first broken record, and exits with 1", async () => {
    const lines = written.split("\n");
    await writeFile(file, lines.toSpliced(2, 1).join("\n"), { mode: 0o600 });
    const { code, stdout } = await verify();
    const { problems } = JSON.parse((await verify("--json")).stdout);
    await writeFile(file, written, { mode: 0o600 });
    assert.equal(code, 1);
    const name = file.replace(/.*\/|\.jsonl$/g, "");
    assert.match(
      stdout,
      new RegExp(`\\nThe journal is not as it was written:\\n {2}${name}, record \\d: .*\\nKeep the files`),
    );
    assert.deepEqual([problems.length, problems[0].file], [1, name]);
  });

  test("needs a store and a journal folder, and creates neither", async () => {
    await using empty = await temporaryFolder();
    const noStore = await runCommand(["audit", "verify", "--offline", "--journal", "."], { cwd: empty.path });
    assertRefused(noStore, /^carnet: There is no store at .*--store\.\n$/);
    assertRefused(
      await verify("--journal", "elsewhere"),
      /^carnet: There is no journal folder \(CARNET_JOURNAL is .*elsewhere\)/,
    );
    assertRefused(await verify("--journal", "stdout"), /^carnet: There is no journal folder .*--input\.\n$/);
    assert.deepEqual(await readdir(empty.path), []);
  });
});

suite("carnet audit verify --input", () => {
  let folder: TemporaryFolder;
  let shipped: string;
  before(async () => {
    folder = await temporaryFolder();
    shipped = await servedOnce(folder.path, ["--journal", "stdout"]);
    shipped += await servedOnce(folder.path, ["--journal", "stdout"]);
  });
  after(() => folder[Symbol.asyncDispose]());

  const verify = async (lines: string, ...args: readonly string[]) => {
    await writeFile(folder.file("shipped.log"), lines);
    return runCommand(["audit", "verify", "--input", "shipped.log", "--data-dir", ".", ...args], { cwd: folder.path });
  };
  const isRecord = (line: string): boolean => /"prev":"/.test(line);
  const without = (at: number): string => {
    const lines = shipped.split("\n");
    const records = lines.flatMap((line, index) => (isRecord(line) ? [index] : []));
    return lines.toSpliced(records.at(at) ?? 0, 1).join("\n");
  };

  test("checks a chain for each process among the other log lines", async () => {
    for (const args of [[], ["--offline"]]) {
      const { code, stdout, stderr } = await verify(shipped, ...args);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^Checked \d+ records of 2 chains among \d+ other lines in .*\nThe journal is complete and/);
    }
    const { processes, records, problems } = JSON.parse((await verify(shipped, "--json")).stdout);
    assert.deepEqual([processes, records, problems], [2, shipped.split("\n").filter(isRecord).length, []]);
  });

  test("checks an export", async () => {
    await using at = await startAdminService();
    const output = join(at.service.folder, "audit.jsonl");
    const { records } = Object(await at.json(["audit", "export", "--output", output]));
    const { code, stdout } = await at.carnet(["audit", "verify", "--input", output]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Checked ${records} records of 1 chain among 0 other lines`));
  });

  test("reads standard input", async () => {
    const { code, stdout } = await runCarnet(["audit", "verify", "--input", "-"], { input: shipped });
    assert.equal(code, 0);
    assert.match(stdout, /^Checked \d+ records of 2 chains/);
  });

  test("finds a missing line, and with the store also a missing end", async () => {
    assert.match((await verify(without(3))).stdout, /\n {2}stdout-[0-9a-f]{12}, record \d: /);
    assert.equal((await verify(without(3))).code, 1);
    const cut = await verify(without(-1), "--offline");
    assert.equal(cut.code, 1);
    assert.match(cut.stdout, /The journal is not as it was written:\n/);
  });

  test("fails when no line is a record, or the file cannot be read", async () => {
    const { code, stdout } = await verify("nothing\n");
    assert.equal(code, 1);
    assert.match(stdout, /^Checked 0 records of 0 chains among 1 other line in .*\nThere is no record to check\.\n$/);
    assertRefused(
      await runCommand(["audit", "verify", "--input", "missing"], { cwd: folder.path }),
      /^carnet: The file missing cannot be read \(ENOENT\)\. Give the path of a file with log lines, or - for standard input\.\n$/,
    );
  });
});
