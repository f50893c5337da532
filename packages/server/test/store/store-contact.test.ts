import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { createLog } from "@carnet/server/log/logger";
import { openWhenReachable, StoreContact } from "@carnet/server/store/store-contact";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";

const second = 1000;
const grace = 60 * second;
const start = Date.parse("2026-01-01T00:00:00Z");

function contactAt(now = { at: start, elapsed: 0 }) {
  const lines: string[] = [];
  let forgotten = 0;
  const contact = new StoreContact({
    clock: { now: () => now.at },
    elapsed: () => now.elapsed,
    log: createLog("info", { write: (line) => void lines.push(line) }),
    grace,
    forgetAll: () => forgotten++,
  });
  const pass = (time: number): void => {
    now.at += time;
    now.elapsed += time;
  };
  return { contact, now, pass, lines, forgotten: () => forgotten };
}

const away = async () => {
  throw new StoreUnavailable("the database does not answer");
};

suite("contact with the store", () => {
  test("is there while polls succeed", async () => {
    const { contact, pass } = contactAt();
    pass(5 * second);
    await contact.poll(async () => {});
    assert.equal(contact.grace.isOver, false);
    assert.equal(contact.grace.since, start + 5 * second);
  });

  test("within the grace, clients in memory are kept and the grace says until when", async () => {
    const { contact, pass, forgotten } = contactAt();
    pass(grace);
    await contact.poll(away);
    assert.deepEqual(contact.grace, { since: start, ends: start + grace, isOver: false });
    assert.equal(forgotten(), 0);
  });

  test("after the grace, each poll that fails forgets the clients in memory", async () => {
    const { contact, pass, forgotten } = contactAt();
    pass(grace + 1);
    await contact.poll(away);
    await contact.poll(away);
    assert.equal(contact.grace.isOver, true);
    assert.equal(forgotten(), 2, "a look-up that succeeded in between must not start a new grace");
  });

  test("a clock that is set back does not lengthen the grace", async () => {
    const { contact, now, pass, forgotten } = contactAt();
    pass(grace - 1);
    now.at -= grace / 2;
    pass(2);
    await contact.poll(away);
    assert.equal(forgotten(), 1);
  });

  test("counts from the start of a poll, because a later change may be missing from its answer", async () => {
    const { contact, pass } = contactAt();
    await contact.poll(async () => {
      pass(10 * second);
    });
    assert.equal(contact.grace.since, start);
  });

  test("an absence is logged once, and its end with its length", async () => {
    const { contact, pass, lines } = contactAt();
    await contact.poll(away);
    await contact.poll(away);
    pass(30 * second);
    await contact.poll(async () => {});
    const [first, last, ...more] = lines.map((line) => JSON.parse(line));
    assert.equal(first.event, "store_away");
    assert.match(first.fault, /the database does not answer/);
    assert.deepEqual([last.event, last.awaySeconds], ["store_back", 30]);
    assert.deepEqual(more, []);
    assert.equal(contact.grace.isOver, false);
  });
});

suite("a start", () => {
  const ports = () => {
    const seen = { pauses: [] as number[], reasons: [] as string[], lines: [] as string[] };
    return {
      ...seen,
      log: createLog("info", { write: (line) => void seen.lines.push(line) }),
      random: () => 1,
      sleep: async (pause: number) => void seen.pauses.push(pause),
      failed: (reason: string) => void seen.reasons.push(reason),
    };
  };

  test("waits for a store that is away, longer each time up to 5 seconds, and logs it once", async () => {
    const seen = ports();
    let attempts = 0;
    const store = await openWhenReachable(async () => (++attempts < 8 ? away() : "store"), seen);
    assert.equal(store, "store");
    assert.deepEqual(seen.pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
    assert.equal(seen.reasons.length, 7);
    assert.equal(seen.lines.length, 1);
  });

  test("does not wait for what an operator must fix", async () => {
    const seen = ports();
    const fault = new OperatorFault("wrong key");
    await assert.rejects(
      openWhenReachable(() => Promise.reject(fault), seen),
      fault,
    );
    assert.deepEqual(seen.pauses, []);
  });
});
