// Every token that reached a caller is in the journal after `kill -9` under load. JOURNAL_KILLS makes it longer
// (`npm run soak`). JOURNAL_SEED repeats a run as far as timing allows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { JournalProblem } from "@carnet/server/journal/journal-reader";
import { verifyJournal } from "@carnet/server/journal/verify";
import { createSqlJournalAnchors } from "@carnet/server/store/sql/journal-anchors";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { anchorsIn } from "@carnet/testkit/anchors-in";
import { assertAnchored, readChains } from "@carnet/testkit/journal-chains";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { decodeJwt } from "jose";

const seed = Number(process.env["JOURNAL_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const kills = Number(process.env["JOURNAL_KILLS"] ?? 6);
const callers = 24;

/** Serves tokens until the process is killed at a random moment. Returns the ids of the tokens that were received. */
async function serveUntilKilled(folder: TemporaryFolder, sync: string, random: SeededRandom): Promise<unknown[]> {
  await using carnet = await serveCarnet({ folder: folder.path, args: ["--journal-sync", sync] });
  const { client_id, client_secret } = JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));
  const received: unknown[] = [];
  const call = async (): Promise<void> => {
    for (;;) {
      const answer = await requestToken(carnet.url, client_id, client_secret);
      assert.equal(answer.status, 200);
      received.push(decodeJwt((await answer.json()).access_token).jti);
    }
  };
  const ended = Promise.allSettled(Array.from({ length: callers }, call));
  await pause(random.below(300));
  carnet.process.kill("SIGKILL");
  await ended;
  return received;
}

/** What `carnet audit verify` finds. */
async function problemsIn(folder: TemporaryFolder): Promise<readonly JournalProblem[]> {
  const db = await openSqlite(folder.file("carnet.db"));
  try {
    const anchors = createSqlJournalAnchors(db);
    const ports = { folder: folder.file("journal"), anchors, node: hostname(), clock: undefined };
    for await (const step of verifyJournal(ports)) if (step.type === "result") return step.problems;
    return assert.fail("no result");
  } finally {
    await db.destroy();
  }
}

test("kill -9 under load loses no token that reached its caller, and leaves every chain whole and anchored", async (t) => {
  t.diagnostic(`JOURNAL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  const counts = { kills: 0, received: 0, recorded: 0, torn: 0 };
  await using folder = await temporaryFolder();
  const received: unknown[] = [];
  for (; counts.kills < kills; counts.kills++) {
    received.push(...(await serveUntilKilled(folder, counts.kills % 2 === 0 ? "second" : "strict", random)));
    const chains = readChains(folder.file("journal"));
    const recorded = new Set(chains.flatMap(({ records }) => records.map(({ actor }) => Object(actor).jti)));
    assert.deepEqual(
      received.filter((jti) => !recorded.has(jti)),
      [],
      `after kill ${counts.kills}`,
    );
    assertAnchored(folder.file("journal"), anchorsIn(folder.file("carnet.db")));
    assert.deepEqual(await problemsIn(folder), []);
    Object.assign(counts, { received: received.length, recorded: recorded.size });
    counts.torn = chains.filter(({ rest }) => rest !== "").length;
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(received.length > kills, `only ${received.length} tokens were received`);
});
