import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { lazy } from "@carnet/server/http/lazy";

suite("A lazy value", () => {
  test("is created on first use and shared by every caller", async () => {
    let made = 0;
    const ask = lazy(async () => ++made);
    assert.equal(made, 0);
    assert.deepEqual(await Promise.all([ask(), ask()]), [1, 1]);
    assert.equal(await ask(), 1);
  });

  test("is created again after a failure, which rejects for every earlier caller", async () => {
    let tries = 0;
    const ask = lazy(async () => {
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
