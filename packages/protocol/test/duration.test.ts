import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { durationRange, formatDuration, parseDuration } from "@carnet/protocol/duration";
import fc from "fast-check";

suite("a duration", () => {
  test("is a number with a unit, or a plain number in the default unit", () => {
    const cases = { "7d": 604_800, "12h": 43_200, "30m": 1800, "45s": 45, "45": 45, "2000ms": 2, "0": 0 };
    for (const [text, seconds] of Object.entries(cases)) assert.equal(parseDuration(text), seconds, text);
    assert.equal(parseDuration("9s", "ms"), 9000);
    assert.equal(parseDuration("250", "ms"), 250);
    assert.equal(parseDuration("48h", "d"), 2);
  });

  test("is refused when it has another form or is not whole in the unit", () => {
    for (const text of ["", "d", "-1", "1.5h", "1h30m", "1 h", "7D", "1e3", "0x10", "٣", "1w", "1500ms", "9999999999"])
      assert.equal(parseDuration(text), undefined, text);
    assert.equal(parseDuration("12h", "d"), undefined);
  });

  test("is written with the largest unit that divides it", () => {
    const cases = { "7d": 604_800, "36h": 129_600, "10m": 600, "90s": 90, "1s": 1, "0s": 0 };
    for (const [text, seconds] of Object.entries(cases)) assert.equal(formatDuration(seconds), text);
    assert.equal(formatDuration(9000, "ms"), "9s");
    assert.equal(formatDuration(250, "ms"), "250ms");
  });

  test("is described with examples that are accepted", () => {
    const inSeconds = "a duration from 1s to 1d, such as 90s, 30m or 12h; a number alone is in seconds";
    assert.equal(durationRange(1, 86_400), inSeconds);
    assert.equal(durationRange(1, 400, "d"), "a duration from 1d to 400d, such as 7d; a number alone is in days");
    assert.equal(durationRange(0, 60_000, "ms"), "a duration from 0ms to 1m; a number alone is in milliseconds");
  });

  test("reads back as it was written", () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (seconds) => parseDuration(formatDuration(seconds)) === seconds),
    );
  });
});
