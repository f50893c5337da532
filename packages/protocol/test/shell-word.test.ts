import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import { quoted } from "@carnet/protocol/shell-word";

suite("A quoted word", () => {
  test("is the same text to a shell, and runs nothing", () => {
    const texts = [
      "demo",
      "a b",
      "it's",
      "a,b=c/d",
      "$(echo x)`echo y`",
      "'; echo z; '",
      "*",
      "~",
      "{a,b}",
      "a\nb",
      "",
    ];
    const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${texts.map(quoted).join(" ")}`], { encoding: "utf8" });
    assert.deepEqual(printed.split("\0").slice(0, -1), texts);
  });

  test("has no quotes if it needs none", () => {
    assert.equal(quoted("203.0.113.0/24,2001:db8::/48"), "203.0.113.0/24,2001:db8::/48");
  });
});
