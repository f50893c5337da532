import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { madeOnce } from "@carnet/server/http/made-once";

suite("What is made once", () => {
  test("is made when it is first asked for, and for all who ask meanwhile or later", async () => {
    let made = 0;
    const ask = madeOnce(async () => ++made);
    assert.equal(made, 0);
    assert.deepEqual(await Promise.all([ask(), ask()]), [1, 1]);
    assert.equal(await ask(), 1);
  });

  test("is made anew for whoever asks after a failure, which is told to all who asked before", async () => {
    let tries = 0;
    const ask = madeOnce(async () => {
      tries++;
      if (tries === 1) throw new Error("no");
      return tries;
    });
    const outcomes = await Promise.allSettled([ask(), ask()]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.deepEqual([await ask(), await ask()], [2, 2]);
  });
});
