// The page of errors lists what the service answers, and nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ofAdmin, ofAnyPath, ofFeed, ofToken, type Seen } from "./support/provoked-refusals.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/reference/errors.md"), "utf8");

/** The rows of a section, as `status code`. */
function rowsOf(section: string): string[] {
  const text = page.split("\n## ").find((part) => part.startsWith(`${section}\n`)) ?? "";
  return [...text.matchAll(/^\| (\d{3}) \| `(\w+)` \|/gm)].map(([, status, code]) => `${status} ${code}`);
}

suite("the page of errors", () => {
  const sections: Readonly<Record<string, readonly (() => Promise<Seen>)[]>> = {
    "Token, introspection and revocation": ofToken,
    "Revocation feed": ofFeed,
    "Any path": ofAnyPath,
    "Admin API": ofAdmin,
  };
  for (const [section, provocations] of Object.entries(sections)) {
    test(`lists exactly what is provoked in a running service: ${section}`, async () => {
      const provoked = new Set<string>();
      for (const provoke of provocations) provoked.add(await provoke());
      const rows = rowsOf(section);
      assert.equal(new Set(rows).size, rows.length, "a row appears twice");
      assert.deepEqual([...provoked].sort(), [...rows].sort());
    });
  }

  test("says for each error when it happens and what to do", () => {
    const rows = page.match(/^\| \d{3} .*$/gm) ?? [];
    assert.ok(rows.length > 25);
    for (const row of rows) assert.match(row, /^\| \d{3} \| `\w+` \| [^|]{5,} \| [^|]{10,} \|$/);
  });
});
