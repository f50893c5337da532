// The guide to teams, followed by somebody who reads nothing else: its commands run, and print what the page shows.
// To write the page again after a change: UPDATE_GUIDE=1 node --test test/teams-guide.test.ts
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { needs } from "@carnet/core/admin/permission";
import { readersFolder, saveFiles, startDev } from "./support/reader.ts";
import { checkSession } from "./support/shown-session.ts";

const page = join(import.meta.dirname, "../docs/guide/teams.md");

suite("the guide to teams", () => {
  test("shows what its commands print, from two new teams to a transfer", async () => {
    const { folder, env } = await readersFolder();
    await using _ = folder;
    const { carnet, url } = await startDev(folder.path);
    await using __ = carnet;
    assert.deepEqual(saveFiles(page, folder.path), ["payments.yaml", "search.yaml"]);
    const shown = await checkSession(page, { cwd: folder.path, env: { ...env, CARNET_SERVER_URL: url } });
    assert.ok(shown >= 5);
  });

  test("has a row for each need, with the roles that the service admits", () => {
    const section = readFileSync(page, "utf8").split("## What each role may do\n")[1]?.split("\n## ")[0] ?? "";
    const rows = [...section.matchAll(/^\| (?<what>[^|]+) \|(?<cells>.*)\|$/gm)].map(({ groups }) => ({
      what: groups?.["what"] ?? "",
      cells: (groups?.["cells"] ?? "").split("|").map((cell) => cell.trim()),
    }));
    for (const [need, { roles, owners }] of Object.entries(needs)) {
      const row = rows.find(({ what }) => what.startsWith(rowOf[need] ?? "?"));
      const holds = (role: (typeof roles)[number], isOverAll: boolean): boolean =>
        (roles as readonly string[]).includes(role) && (isOverAll || owners === "named");
      const expected = [
        holds("admin", true),
        holds("admin", false),
        holds("operator", false) || (holds("operator", true) && "if over all owners"),
        holds("auditor", false) || (holds("auditor", true) && "if over all owners"),
      ].map((cell) => (cell === true ? "yes" : cell || "no"));
      assert.deepEqual(
        row?.cells.map((cell) => cell.replace("within the policy", "yes")),
        expected,
        need,
      );
    }
  });
});

/** How the row of each need begins. */
const rowOf: Readonly<Record<string, string>> = {
  anyone: "`carnet whoami`",
  read: "list and show",
  readAll: "list the signing keys",
  audit: "search events",
  auditAll: "export and verify",
  operate: "rotate and revoke",
  manage: "create, import",
  platform: "change owners",
};
