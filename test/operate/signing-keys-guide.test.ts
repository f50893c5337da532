// The guide to signing keys, followed in order: its commands print what the page shows.
// To write the page again after a change: UPDATE_GUIDE=1 node --test test/operate/signing-keys-guide.test.ts
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readersFolder, startDev } from "../support/reader.ts";
import { checkSession } from "../support/shown-session.ts";

const page = join(import.meta.dirname, "../../docs/operate/signing-keys.md");

test("the guide to signing keys shows what its commands print", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  const { carnet } = await startDev(folder.path);
  await using __ = carnet;
  const shown = await checkSession(page, { cwd: folder.path, env });
  assert.ok(shown >= 6);
});
