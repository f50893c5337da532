// The session in the guide to audit is real: its commands run, and their output is what the page shows, line by line.
// To write the page again after a change: UPDATE_GUIDE=1 node --test test/audit-guide.test.ts
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { eventShapes } from "@carnet/protocol/admin/audit-events";
import { eventKinds } from "@carnet/protocol/admin/event-kinds";
import { readersFolder, startDev } from "./support/reader.ts";
import { checkSession } from "./support/shown-session.ts";

const page = join(import.meta.dirname, "../docs/guide/audit.md");
const guide = readFileSync(page, "utf8");

suite("the guide to audit", () => {
  test("shows what its commands print in a real session", async () => {
    const { folder, env } = await readersFolder();
    await using _ = folder;
    const { carnet, url } = await startDev(folder.path);
    await using __ = carnet;
    const shown = await checkSession(page, { cwd: folder.path, env: { ...env, CARNET_SERVER_URL: url } });
    assert.ok(shown >= 5);
  });

  test("has every event with all of its members, and maps every event to OCSF", () => {
    const documented = rowsOf("Events and their fields").flatMap(({ kinds, last }) =>
      kinds.map((kind) => [kind, last]),
    );
    const common = Object.keys(eventShapes[0].properties).filter((name) =>
      eventShapes.every(({ properties }) => name in properties),
    );
    const described = eventShapes.flatMap(({ properties }) => {
      const own = Object.keys(properties).filter((name) => !common.includes(name));
      return properties.event.enum.map((kind) => [kind, own]);
    });
    assert.deepEqual(documented, described);
    const mapped = rowsOf("Map events to OCSF").flatMap(({ kinds }) => kinds);
    for (const kind of eventKinds) assert.ok(mapped.includes(kind), `${kind} is not mapped`);
    const members = [...common, ...described.flatMap(([, own]) => own)].filter((name) => name !== undefined);
    const ocsf = sectionOf("Map events to OCSF");
    for (const member of new Set(members.flat()))
      assert.match(ocsf, new RegExp(`\\b${member}\\b`), `${member} is not mapped`);
  });
});

const sectionOf = (heading: string): string => guide.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";

/** The names in the first and in the last column of each row. */
const rowsOf = (heading: string) =>
  [...sectionOf(heading).matchAll(/^\| (`.*?) \|.* \| (.*) \|$/gm)].map(([, first = "", last = ""]) => ({
    kinds: namesIn(first),
    last: namesIn(last),
  }));

const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
