import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Bursts } from "@carnet/core/audit/bursts";

const minute = 60_000;
const wrong = (count: number, reason = "unknown_credentials") => new Map([["app", new Map([[reason, count]])]]);

suite("bursts of refusals", () => {
  test("a hundred refusals within five minutes are one burst, named with its most frequent reason", () => {
    const bursts = new Bursts<string>();
    assert.deepEqual(bursts.count(wrong(50), 0), []);
    assert.deepEqual(bursts.count(wrong(49, "secret_revoked"), 2 * minute), []);
    assert.deepEqual(bursts.count(wrong(1), 4 * minute), [
      { subject: "app", count: 100, reason: "unknown_credentials" },
    ]);
  });

  test("a hundred refusals in more than five minutes are no burst", () => {
    const bursts = new Bursts<string>();
    for (let at = 0; at < 60 * minute; at += minute) assert.deepEqual(bursts.count(wrong(19), at), []);
  });

  test("a burst that goes on is reported again only when it has grown tenfold", () => {
    const bursts = new Bursts<string>();
    assert.equal(bursts.count(wrong(100), 0).length, 1);
    assert.deepEqual(bursts.count(wrong(899), minute), []);
    assert.equal(bursts.count(wrong(1), minute)[0]?.count, 1000);
    assert.deepEqual(bursts.count(wrong(8999), 2 * minute), []);
  });

  test("a burst is reported anew after five minutes without a refusal, and not before", () => {
    const bursts = new Bursts<string>();
    assert.equal(bursts.count(wrong(100), 0).length, 1);
    assert.deepEqual(bursts.count(wrong(1), 4 * minute), []);
    assert.deepEqual(bursts.count(wrong(100), 8 * minute), [], "the refusal at four minutes was in between");
    assert.equal(bursts.count(wrong(100), 13 * minute).length, 1);
  });

  test("twenty bursts are reported within five minutes, and the others after that if they go on", () => {
    const bursts = new Bursts<number>();
    const refused = (count: number) =>
      new Map(Array.from({ length: 30 }, (_, subject) => [subject, new Map([["x", count]])]));
    assert.equal(bursts.count(refused(100), 0).length, 20);
    assert.deepEqual(bursts.count(refused(100), 4 * minute), []);
    const later = bursts.count(refused(1), 5 * minute);
    assert.deepEqual(
      later.map(({ subject }) => subject),
      [20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
    );
  });

  test("at most ten thousand subjects are watched at a time", () => {
    const bursts = new Bursts<number>();
    const many = new Map(Array.from({ length: 10_000 }, (_, subject) => [subject, new Map([["x", 1]])]));
    const late = new Map([[10_000, new Map([["x", 100]])]]);
    assert.deepEqual(bursts.count(many, 0), []);
    assert.deepEqual(bursts.count(late, minute), []);
    assert.equal(bursts.count(late, 6 * minute).length, 1, "the others were quiet");
  });

  test("a clock that is set back neither hides bursts nor makes some up", () => {
    const hour = 60 * minute;
    const hidden = new Bursts<string>();
    for (let n = 0; n < 20; n++) hidden.count(new Map([[`stranger-${n}`, new Map([["x", 100]])]]), hour);
    assert.equal(hidden.count(wrong(100), 0).length, 1);
    const slow = new Bursts<string>();
    slow.count(wrong(1), hour);
    for (let at = 0; at < 50 * minute; at += minute) assert.deepEqual(slow.count(wrong(2), at), []);
  });
});
