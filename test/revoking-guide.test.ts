// The guide to revoking tokens, followed in order: its commands print what the page shows.
// To write the page again after a change: UPDATE_GUIDE=1 node --test test/revoking-guide.test.ts
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readersFolder, startDev } from "./support/reader.ts";
import { checkSession } from "./support/shown-session.ts";

const page = join(import.meta.dirname, "../docs/guide/revoking.md");

test("the guide to revoking tokens shows what its commands print", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  const { carnet, url } = await startDev(folder.path);
  await using __ = carnet;
  const secret = /^Secret, shown only once:\n {2}(\S+)$/m.exec(carnet.stdout)?.[1] ?? "";
  const reader = { CARNET_SERVER_URL: url, CARNET_CLIENT_ID: "demo", CARNET_CLIENT_SECRET: secret };
  const shown = await checkSession(page, { cwd: folder.path, env: { ...env, ...reader } });
  assert.ok(shown >= 3);
});
