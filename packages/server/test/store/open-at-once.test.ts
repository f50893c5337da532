import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("processes that open a new store at once share its master key and pepper, and one of them registers the id", async () => {
  const folder = await mkdtemp(join(tmpdir(), "carnet-test-"));
  const children = await Promise.all([1, 2, 3, 4].map(startChild));
  const outcomes = children.map((child) => once(child, "message"));
  const ends = children.map((child) => once(child, "exit")); // each ends after it has sent its outcome
  for (const child of children) child.send(join(folder, "new", "carnet.db"));
  const said = (await Promise.all(outcomes)).map(([outcome]) => outcome);
  await Promise.all(ends);
  assert.deepEqual(said.sort(), ["registered", "taken", "taken", "taken"]);
  const files = await readdir(join(folder, "new"));
  assert.deepEqual(
    files.filter((name) => !name.startsWith("carnet.db")),
    [".gitignore", "master.key"],
  );
  assert.equal((await stat(join(folder, "new", "master.key"))).mode & 0o777, 0o600);
  await rm(folder, { recursive: true });
});

async function startChild() {
  const child = fork(new URL("./open-at-once-child.ts", import.meta.url), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await once(child, "message");
  return child;
}
