import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { JournalUnavailable } from "@carnet/server/journal/journal";
import { assertAnchored, readChains } from "@carnet/testkit/journal-chains";
import { openTestJournal, refusal, scopePut } from "./support/test-journal.ts";

const lostIn = (folder: string) =>
  readChains(folder)
    .flatMap(({ records }) => records)
    .filter(({ event }) => event === "events_lost");

suite("a journal on a full disk, which must refuse", () => {
  test("rejects the event, leaves no part of it, and goes on once there is room", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.files.room = 100;
    assert.throws(() => at.record("r-2"), JournalUnavailable);
    assert.ok(at.journal.isUnavailable);
    assert.deepEqual([at.recorded(), readChains(at.folder)[0]?.rest], [["r-1"], ""]);
    at.files.room = 0;
    for (const id of ["r-3", "r-4"]) {
      assert.throws(() => at.record(id), JournalUnavailable);
      await at.journal.maintain();
    }
    assert.deepEqual(at.events(), ["journal_unavailable"], "logged once");
    assert.equal(at.logged[0]?.["fault"], "Error (ENOSPC)");
    at.files.room = 2 ** 30;
    await at.journal.maintain();
    assert.ok(!at.journal.isUnavailable);
    assert.deepEqual(at.events(), ["journal_unavailable", "journal_available"]);
    at.record("r-5");
    assert.deepEqual(at.recorded(), ["r-1", "events_lost", "r-5"]);
    assert.equal(lostIn(at.folder)[0]?.["count"], 0, "nothing was answered, so nothing was lost");
    await at.journal.anchor();
    assertAnchored(at.folder, at.anchors.values());
  });

  test("knows which records are not on disk, and since when", async () => {
    await using at = await openTestJournal();
    await at.journal.maintain();
    const syncedAt = at.clock.now();
    at.clock.advance(700);
    at.record("r-1");
    at.record("r-2");
    assert.deepEqual(at.journal.status.unsynced, { records: 2, since: syncedAt });
    await at.journal.maintain();
    assert.deepEqual(at.journal.status.unsynced, { records: 0, since: at.clock.now() });
  });

  test("does not go on before there is room for more than one record", async () => {
    await using at = await openTestJournal();
    at.files.room = 0;
    assert.throws(() => at.record("r-1"), JournalUnavailable);
    at.files.room = 5000;
    await at.journal.maintain();
    assert.ok(at.journal.isUnavailable);
    at.files.room = 2 ** 20;
    await at.journal.maintain();
    assert.ok(!at.journal.isUnavailable);
  });

  test("counts a change as lost, because it has been made", async () => {
    await using at = await openTestJournal();
    at.files.room = 0;
    assert.throws(() => at.journal.record([scopePut("r-1", at.clock.now())]), JournalUnavailable);
    assert.throws(() => at.record("r-2"), JournalUnavailable);
    at.files.room = 2 ** 30;
    const since = at.clock.now();
    at.clock.advance(90_000);
    assert.deepEqual({ ...at.journal.status, unsynced: 0 }, { isWritable: false, failures: 1, lost: 1, unsynced: 0 });
    await at.journal.maintain();
    assert.deepEqual({ ...at.journal.status, unsynced: 0 }, { isWritable: true, failures: 1, lost: 1, unsynced: 0 });
    const [lost] = lostIn(at.folder);
    assert.deepEqual(
      [lost?.["count"], lost?.["since"], lost?.["outcome"]],
      [1, new Date(since).toISOString(), "failure"],
    );
  });

  test("tries one new file, not one a second", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.files.failing.set("append", "EDQUOT");
    assert.throws(() => at.record("r-2"), JournalUnavailable);
    for (let second = 0; second < 10; second++) await at.journal.maintain();
    assert.deepEqual(at.names(), ["20261126-aaaa-1.jsonl", "20261126-aaaa-2.jsonl"]);
    at.files.failing.clear();
    await at.journal.maintain();
    assert.deepEqual(at.recorded(), ["r-1", "events_lost"]);
  });

  test("records nothing after it was closed, and is no outage then", async () => {
    await using at = await openTestJournal({ whenFull: "continue" });
    await at.journal.close();
    assert.throws(() => at.record("r-1"), JournalUnavailable);
    assert.deepEqual([at.events(), at.recorded()], [[], []]);
  });

  test("does not take a fault of the service for a fault of the disk", async () => {
    await using at = await openTestJournal();
    const broken = { ...refusal("r-1", at.clock.now()), at: Number.NaN };
    assert.throws(() => at.journal.record([broken]), RangeError);
    assert.ok(!at.journal.isUnavailable);
  });
});

suite("a journal on a full disk, which must go on", () => {
  test("counts the events that are lost, logs them at once and each minute, and records the number first", async () => {
    await using at = await openTestJournal({ whenFull: "continue" });
    at.record("r-1");
    at.files.room = 100;
    at.record("r-2");
    at.record("r-3");
    assert.ok(!at.journal.isUnavailable);
    assert.deepEqual(at.events(), ["journal_unavailable"]);
    for (let second = 0; second < 125; second++) {
      at.clock.advance(1000);
      await at.journal.maintain();
    }
    assert.deepEqual(at.events(), ["journal_unavailable", "events_lost", "events_lost"]);
    assert.equal(at.logged[1]?.["lost"], 2);
    at.files.room = 2 ** 30;
    await at.journal.maintain();
    at.record("r-4");
    assert.deepEqual(at.recorded(), ["r-1", "events_lost", "r-4"]);
    assert.equal(lostIn(at.folder)[0]?.["count"], 2);
    assert.equal(at.logged.at(-1)?.["lost"], 2);
  });
});

suite("a journal that is closed while it cannot be written", () => {
  test("records the number of lost events if there is room again", async () => {
    await using at = await openTestJournal({ whenFull: "continue" });
    at.record("r-1");
    at.files.room = 0;
    at.record("r-2");
    at.files.room = 2 ** 30;
    await at.journal.close();
    assert.deepEqual(at.recorded(), ["r-1", "events_lost"]);
    assert.equal(lostIn(at.folder)[0]?.["count"], 1);
    assert.deepEqual(at.events(), ["journal_unavailable", "journal_available"]);
  });

  test("logs the number of lost events, and since when, if there is no room", async () => {
    await using at = await openTestJournal({ whenFull: "continue" });
    at.record("r-1");
    at.files.room = 0;
    for (const id of ["r-2", "r-3"]) at.record(id);
    await at.journal.close();
    const { event, lost, since } = at.logged.at(-1) ?? {};
    assert.deepEqual([event, lost, since], ["events_lost", 2, new Date(at.clock.now()).toISOString()]);
  });
});

suite("a journal on a failing disk", () => {
  test("goes on in a new file if a part of a record cannot be removed", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.files.room = 100;
    at.files.failing.set("truncate", "EIO");
    assert.throws(() => at.record("r-2"), JournalUnavailable);
    at.files.room = 2 ** 30;
    await at.journal.maintain();
    at.record("r-3");
    const chains = readChains(at.folder);
    assert.deepEqual(
      chains.map(({ records, rest }) => [records.length, rest.length]),
      [
        [1, 100],
        [2, 0],
      ],
    );
    await at.journal.anchor();
    assert.equal(at.anchors.get("20261126-aaaa-1")?.state, "open", "its end is unknown");
    assertAnchored(at.folder, at.anchors.values());
  });

  test("goes on in a new file after a sync has failed, and does not anchor what may not be on disk", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    await at.journal.anchor();
    at.record("r-2");
    at.files.failing.set("sync", "EIO");
    await at.journal.maintain();
    assert.ok(at.journal.isUnavailable);
    at.files.failing.clear(); // the next sync of the same file would succeed, although pages were lost
    for (let second = 0; second < 3; second++) await at.journal.maintain();
    assert.ok(!at.journal.isUnavailable);
    at.record("r-3");
    await at.journal.anchor();
    assert.deepEqual(
      [...at.anchors.values()].map(({ records, state }) => [records, state]),
      [
        [1, "open"],
        [2, "open"],
      ],
    );
    assertAnchored(at.folder, at.anchors.values());
  });

  test("uses the present file longer when no new one can be made", async () => {
    await using at = await openTestJournal();
    at.record("r-1");
    at.files.failing.set("create", "EROFS");
    at.clock.advance(86_400_000);
    for (const id of ["r-2", "r-3"]) {
      await at.journal.maintain();
      at.record(id);
    }
    assert.deepEqual([at.events(), at.recorded()], [["journal_rotation_failed"], ["r-1", "r-2", "r-3"]]);
    at.files.failing.clear();
    await at.journal.maintain();
    at.record("r-4");
    assert.deepEqual(at.names(), ["20261126-aaaa-1.jsonl", "20261127-aaaa-2.jsonl"]);
  });
});

suite("a journal in strict mode", () => {
  test("records an event only when it is on disk, and syncs once for many", async () => {
    await using at = await openTestJournal({ sync: "strict" });
    const before = at.files.operations.filter((operation) => operation === "sync").length;
    let recorded = 0;
    const all = Array.from({ length: 50 }, async (_, number) => {
      await at.record(`r-${number}`);
      recorded++;
    });
    at.files.duringSync = () => assert.equal(recorded, 0);
    await Promise.all(all);
    at.files.losePower();
    assert.equal(at.recorded().length, 50);
    assert.equal(at.files.operations.filter((operation) => operation === "sync").length, before + 1);
  });

  test("rejects each event of a sync that failed, and those that were written meanwhile", async () => {
    await using at = await openTestJournal({ sync: "strict" });
    await at.record("r-1");
    at.files.failing.set("sync", "EIO");
    let meanwhile: void | Promise<void>;
    at.files.duringSync = () => {
      meanwhile = at.record("r-3");
      at.files.duringSync = () => {};
    };
    await assert.rejects(async () => at.record("r-2"), JournalUnavailable);
    at.files.failing.clear();
    await assert.rejects(async () => meanwhile, JournalUnavailable);
  });

  test("keeps every event that was recorded, however often the power fails", async () => {
    let crashes = 0;
    for (let run = 0; run < 250; run++) {
      await using at = await openTestJournal({ sync: "strict", fileSize: run % 2 === 0 ? 2000 : 2 ** 30 });
      const acknowledged: string[] = [];
      const callers = Array.from({ length: 8 }, async (_, caller) => {
        for (let number = 0; number < 5; number++) {
          await at.record(`r-${caller}-${number}`);
          acknowledged.push(`r-${caller}-${number}`);
        }
      });
      const upkeep = (async () => {
        for (let round = 0; round < 4; round++) {
          await at.journal.maintain();
          await at.journal.anchor();
        }
      })();
      // The power fails while one of the first syncs runs, or after all of them
      let left = run % 6;
      const lost = new Promise<readonly string[]>((resolve) => {
        at.files.duringSync = () => {
          if (left-- > 0) return;
          at.files.duringSync = () => {};
          crashes++;
          at.files.losePower();
          assertAnchored(at.folder, at.anchors.values());
          const kept = new Set<unknown>(at.recorded());
          resolve(acknowledged.filter((id) => !kept.has(id)));
        };
        void Promise.allSettled([...callers, upkeep]).then(() => resolve([]));
      });
      assert.deepEqual(await lost, [], `run ${run}`);
      await Promise.allSettled([...callers, upkeep]);
    }
    assert.ok(crashes > 200, `${crashes} crashes`);
  });
});
