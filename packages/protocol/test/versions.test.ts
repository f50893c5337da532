import assert from "node:assert/strict";
import { test } from "node:test";
import { knownVersions, resolveVersion } from "@carnet/protocol/versions";
import { anyText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const dates = fc
  .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

test("a date resolves to the newest version on or before it, with or without a preview slug", () => {
  fc.assert(
    fc.property(dates, fc.constantFrom("", ".preview", ".processes.preview", ".a_b-c"), (date, slug) => {
      const resolved = resolveVersion(`${date}${slug}`, "2026-01-01");
      if (date < "2022-01-01") assert.equal(resolved.ok, false);
      else assert.deepEqual(resolved, { ok: true, value: date < "2026-01-01" ? "2022-01-01" : "2026-01-01" });
    }),
  );
});

test("each known version resolves to itself, and a missing header to the fallback", () => {
  for (const version of knownVersions) {
    assert.deepEqual(resolveVersion(version, "2022-01-01"), { ok: true, value: version });
    assert.deepEqual(resolveVersion(undefined, version), { ok: true, value: version });
  }
});

test("a date that does not exist is refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2022, max: 2030 }), fc.nat(99), fc.nat(99), (year, month, day) => {
      const text = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
      const exists = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
      assert.equal(resolveVersion(text, "2026-01-01").ok, exists, text);
    }),
  );
});

test("resolving never throws, and a problem lists the known versions without repeating the input", () => {
  fc.assert(
    fc.property(anyText, (header) => {
      const resolved = resolveVersion(header, "2026-01-01");
      if (resolved.ok) return;
      assert.ok(resolved.error.endsWith("known versions: 2022-01-01, 2026-01-01"));
      assert.match(resolved.error, /^[\x20-\x7e]+$/);
    }),
  );
  const problem = resolveVersion("hunter2", "2026-01-01");
  assert.ok(!problem.ok && !problem.error.includes("hunter2"));
});

test("resolving takes linear time", () => {
  assertLinear(
    (size) => `2026-01-01.${"a".repeat(size)}`,
    (header) => resolveVersion(header, "2026-01-01"),
  );
  assertLinear(
    (size) => "2026-01-01".repeat(size / 10),
    (header) => resolveVersion(header, "2026-01-01"),
  );
});
