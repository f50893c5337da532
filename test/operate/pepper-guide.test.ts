// The commands of the guide to the pepper, in its order, on a running service.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { blocksOf, readersFolder, runBlock, startDev } from "../support/reader.ts";

const page = join(import.meta.dirname, "../../docs/operate/pepper.md");

test("the guide to the pepper begins a rotation, and its runbook does it after a leak", async () => {
  const [replace = "", ...runbook] = blocksOf(page);
  assert.equal(runbook.length, 3);
  for (const blocks of [[replace], runbook]) {
    const { folder, env } = await readersFolder();
    await using _ = folder;
    const { carnet } = await startDev(folder.path);
    await using __ = carnet;
    const outputs: string[] = [];
    for (const block of blocks) outputs.push(await runBlock(block.replaceAll("CLIENT_ID", "demo"), folder.path, env));
    assert.match(outputs.join(""), /^first +current [^\n]*Z\n\w{16} +upcoming /m);
    assert.match(outputs.at(-1) ?? "", /^demo +\w{16} /m, "the unmoved secrets");
  }
});
