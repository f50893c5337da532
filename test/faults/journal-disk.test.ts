import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { anchorsIn } from "@carnet/testkit/anchors-in";
import { carnetBin } from "@carnet/testkit/carnet-process";
import { assertAnchored, readChains } from "@carnet/testkit/journal-chains";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { decodeJwt } from "jose";
import { startOnce } from "./support/start-once.ts";
import { assertStopsWith } from "./support/stops-with.ts";
import { unprivileged } from "./support/unprivileged.ts";

const kib = 1024;

/** Requests tokens one after the other, until `enough`. Returns the answers' statuses and the ids of the tokens. */
async function askUntil(
  { url }: ServingCarnet,
  folder: TemporaryFolder,
  enough: (statuses: readonly number[]) => boolean,
): Promise<{ statuses: readonly number[]; jtis: readonly unknown[] }> {
  const { client_id, client_secret } = JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));
  const statuses: number[] = [];
  const jtis: unknown[] = [];
  while (!enough(statuses)) {
    const answer = await requestToken(url, client_id, client_secret);
    const { access_token } = await answer.json();
    statuses.push(answer.status);
    if (answer.status === 200) jtis.push(decodeJwt(access_token).jti);
    else await sleep(20);
  }
  return { statuses, jtis };
}

async function stopped({ process }: ServingCarnet): Promise<string> {
  process.kill("SIGTERM");
  const { code, stdout, stderr } = await process.finished();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

const recordsIn = (folder: TemporaryFolder) => readChains(folder.file("journal")).flatMap(({ records }) => records);

const linesOf = (stdout: string, event: string) =>
  stdout
    .split("\n")
    .filter((line) => line.includes(`"event":"${event}"`))
    .map((line) => JSON.parse(line));

suite("a disk that takes no more of the journal", () => {
  /** A limit on the size of files has the same effect as a full disk, and a new file has room again. */
  const limited = ["sh", "-c", `ulimit -f ${(600 * kib) / 512}; exec "$@"`, "sh", process.execPath, carnetBin] as const;

  test("refuses tokens with 503 until it can go on, which takes a second, and loses none that was answered", async () => {
    await using folder = await temporaryFolder();
    await using carnet = await serveCarnet({ folder: folder.path, command: limited });
    const { statuses, jtis } = await askUntil(
      carnet,
      folder,
      (seen) => seen.includes(503) && seen.lastIndexOf(200) > seen.lastIndexOf(503),
    );
    assert.ok(statuses.every((status) => status === 200 || status === 503));
    const stdout = await stopped(carnet);
    const records = recordsIn(folder);
    const recorded = new Set(records.map(({ actor }) => Object(actor).jti));
    assert.deepEqual(
      jtis.filter((jti) => !recorded.has(jti)),
      [],
    );
    assert.deepEqual(
      records.filter(({ event }) => event === "events_lost").map(({ count }) => count),
      [0],
    );
    const [begin, ...again] = linesOf(stdout, "journal_unavailable");
    assert.deepEqual([begin.fault, again], ["Error (EFBIG)", []]);
    assert.equal(linesOf(stdout, "journal_available").length, 1);
    assertAnchored(folder.file("journal"), anchorsIn(folder.file("carnet.db")));
  });

  test("is counted, with journalFull=continue, and every token is answered", async () => {
    await using folder = await temporaryFolder();
    const args = ["--journal-full", "continue"];
    await using carnet = await serveCarnet({ folder: folder.path, command: limited, args });
    const isBack = () => /journal_available/.test(carnet.process.stdout);
    const { statuses, jtis } = await askUntil(carnet, folder, isBack);
    assert.ok(statuses.every((status) => status === 200));
    const stdout = await stopped(carnet);
    const records = recordsIn(folder);
    const recorded = new Set(records.map(({ actor }) => Object(actor).jti));
    const missing = jtis.filter((jti) => !recorded.has(jti)).length;
    assert.ok(missing > 0);
    assert.deepEqual(
      records.filter(({ event }) => event === "events_lost").map(({ count }) => count),
      [missing],
    );
    assert.deepEqual(
      linesOf(stdout, "journal_available").map(({ lost }) => lost),
      [missing],
    );
  });
});

suite("the folder of the journal", () => {
  test("may be removed with the working folder that its path is relative to: the service still answers", async () => {
    await using folder = await temporaryFolder();
    const work = folder.file("work");
    mkdirSync(work);
    await using carnet = await serveCarnet({ folder: "data", cwd: work });
    rmSync(work, { recursive: true });
    for (let second = 0; second < 3; second++) {
      await sleep(1000); // the journal looks after its folder each second
      const answer = await fetch(`${carnet.url}/health/live`, { signal: AbortSignal.timeout(5000) });
      assert.equal(answer.status, 200);
    }
  });

  test("may be removed while the service runs: within a second every record is there again", async () => {
    await using folder = await temporaryFolder();
    await using carnet = await serveCarnet({ folder: folder.path });
    await askUntil(carnet, folder, (seen) => seen.length === 5);
    rmSync(folder.file("journal"), { recursive: true });
    await askUntil(carnet, folder, (seen) => seen.length === 5);
    await carnet.process.prints("stdout", /"event":"journal_file_restored"/);
    await askUntil(carnet, folder, (seen) => seen.length === 5);
    await stopped(carnet);
    assert.equal(recordsIn(folder).filter(({ event }) => event === "token_issued").length, 15);
    assertAnchored(folder.file("journal"), anchorsIn(folder.file("carnet.db")));
  });

  test("stops the start when it is read-only, and says how to make it writable", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("journal"), { mode: 0o555 });
    assertStopsWith(
      await startOnce({ folder: folder.path, command: unprivileged }),
      /^carnet: The journal folder journal cannot be written \(EACCES\): run `chmod u\+rwx journal`/,
    );
    chmodSync(folder.file("journal"), 0o700);
    assert.equal((await startOnce({ folder: folder.path, command: unprivileged })).code, 0);
  });

  test("stops the start when it is a file", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file("journal"), "");
    assertStopsWith(
      await startOnce({ folder: folder.path }),
      /^carnet: The journal folder journal cannot be written \(EEXIST\)/,
    );
  });

  test("stops the start when other users can write it, or one of its files", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("journal"));
    chmodSync(folder.file("journal"), 0o770);
    assertStopsWith(
      await startOnce({ folder: folder.path }),
      /The folder journal can be written by .*`chmod go-w journal`/,
    );
    chmodSync(folder.file("journal"), 0o700);
    writeFileSync(folder.file("journal/20260101-aaaaaaaaaaaa-1.jsonl"), "");
    chmodSync(folder.file("journal/20260101-aaaaaaaaaaaa-1.jsonl"), 0o602);
    assertStopsWith(
      await startOnce({ folder: folder.path }),
      /The file journal\/20260101-aaaaaaaaaaaa-1\.jsonl can be written by other users/,
    );
  });

  test("may be shared by two services on one store, each with its own files", async () => {
    await using folder = await temporaryFolder();
    await using one = await serveCarnet({ folder: folder.path });
    await using other = await serveCarnet({ folder: folder.path });
    await Promise.all([one, other].map((carnet) => askUntil(carnet, folder, (seen) => seen.length === 5)));
    await Promise.all([one, other].map(stopped));
    const chains = readChains(folder.file("journal"));
    assert.deepEqual(
      chains.map(({ records }) => records.filter(({ event }) => event === "token_issued").length),
      [5, 5],
    );
    assertAnchored(folder.file("journal"), anchorsIn(folder.file("carnet.db")));
  });

  test("may be another folder, which is made if it is missing", async () => {
    await using folder = await temporaryFolder();
    const args = ["--journal", "own folder/deep"];
    assert.equal((await startOnce({ folder: folder.path, args })).code, 0);
    renameSync(folder.file("own folder/deep"), folder.file("journal"));
    const events = recordsIn(folder).map(({ event }) => event);
    assert.deepEqual(events.slice(-2), ["service_started", "service_stopped"]);
  });
});
