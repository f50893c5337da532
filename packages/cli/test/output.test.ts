import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatTable } from "@carnet/cli/table";
import { registerClient } from "@carnet/core/client/register-client";
import { CarnetProcess, carnetBin, type Finished, runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import fc from "fast-check";
import { openStore } from "./support/open-store.ts";

/** Runs a shell line in which `carnet` stands for the command. */
async function shell(line: string, cwd: string): Promise<Finished> {
  const carnet = `carnet() { "${process.execPath}" "${carnetBin}" "$@"; echo "carnet ended with $?" >&2; }`;
  await using process_ = new CarnetProcess([], { cwd, command: ["sh", "-c", `${carnet}; ${line}`] });
  return await process_.finished();
}

suite("what carnet prints", () => {
  test("may be cut short by its reader, as in `carnet client list | head -1`", async () => {
    await using folder = await temporaryFolder();
    const registry = await openStore(folder.path);
    // More than a pipe holds, so that the reader is gone before all is written
    const client_name = "n".repeat(255);
    for (let number = 0; number < 600; number++) await registerClient({ client_name }, registry);
    await registry.close();
    const listed = await shell("carnet client list --limit 1000 | head -n 1", folder.path);
    assert.deepEqual(listed, {
      code: 0,
      signal: null,
      stdout: listed.stdout,
      stderr: "carnet ended with 0\n",
    });
    assert.match(listed.stdout, /^CLIENT ID .*\n$/);
  });

  test("is missed where it is a new client's secret: nobody has that then, and it says so", async () => {
    await using folder = await temporaryFolder();
    // The reader says through a second pipe that it has closed the first
    const reader = "(exec <&-; echo closed > told)";
    const { stderr } = await shell(
      `mkfifo told; (read closed < told; carnet client create --client-id lost) | ${reader}`,
      folder.path,
    );
    assert.match(
      stderr,
      /^carnet: The client lost is registered, but that could not be written to standard output \(EPIPE\)/,
    );
    assert.match(stderr, /^carnet ended with 1$/m);
    const shown = await runCarnet(["client", "show", "lost", "--json"], { cwd: folder.path });
    assert.equal(JSON.parse(shown.stdout).client_id, "lost");
  });

  test("is missed where it is the demo client's secret, and ends carnet dev", async () => {
    await using folder = await temporaryFolder();
    const { stderr } = await shell(`carnet dev --port ${await freePort()} > /dev/full`, folder.path);
    assert.match(stderr, /^carnet: The demo client's secret could not be written to standard output \(ENOSPC\)/m);
    assert.match(stderr, /^carnet ended with 1$/m);
  });

  test("fails with a sentence where the disk takes no more", async () => {
    await using folder = await temporaryFolder();
    const { stderr } = await shell("ulimit -f 0; carnet --help > out.txt", folder.path);
    assert.equal(
      stderr,
      "carnet: The output cannot be written (EFBIG): check the disk or the pipe.\ncarnet ended with 1\n",
    );
  });

  test("is a table of one line a row whatever the cells hold", () => {
    const row = fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const lines = formatTable(["A", "B"], rows).split("\n");
        assert.equal(lines.length, rows.length + 2);
        assert.doesNotMatch(lines.join(""), /\p{C}/u);
      }),
    );
  });
});
