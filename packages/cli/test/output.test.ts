import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess, carnetBin, type Finished } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { formatTable } from "carnet/table";
import fc from "fast-check";
import { startAdminService } from "./support/admin-service.ts";

/** Runs a shell line in which `carnet` is the command. */
async function shell(line: string, cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const carnet = `carnet() { "${process.execPath}" "${carnetBin}" "$@"; echo "carnet ended with $?" >&2; }`;
  await using process_ = new CarnetProcess([], { cwd, env, command: ["sh", "-c", `${carnet}; ${line}`] });
  return await process_.finished();
}

suite("the output of carnet", () => {
  test("may be cut off by its reader, as in `carnet client list | head -1`", async () => {
    await using at = await startAdminService();
    // More than a pipe buffers, so that the reader has gone before everything is written.
    const scope = Array.from({ length: 60 }, (_, number) => `s${number}`).join(" ");
    for (let number = 0; number < 300; number++) await at.service.register({ scope });
    const env = { CARNET_ADMIN_FILE: at.adminFile };
    const listed = await shell("carnet client list --json --limit 1000 | head -n 1", at.service.folder, env);
    assert.deepEqual(listed, {
      code: 0,
      signal: null,
      stdout: listed.stdout,
      stderr: "carnet ended with 0\n",
    });
    assert.equal(listed.stdout, "{\n");
  });

  const losing: Readonly<Record<string, readonly [command: string, said: RegExp]>> = {
    "client create": [
      "client create --client-id lost --scope x",
      /The client lost is registered, .* add a new one with `carnet secret add lost`\.$/,
    ],
    "secret add": [
      "secret add known",
      /known has the new secret [a-z0-9]{16}, .* revoke it with `carnet secret revoke known [a-z0-9]{16}`/,
    ],
    "secret rotate": [
      "secret rotate known",
      /known has the new secret [a-z0-9]{16}, .* add a new one with `carnet secret add known`\.$/,
    ],
    apply: ["apply -f clients.yaml --json", /Registered: applied, .* add new ones with `carnet secret add`\.$/],
  };
  for (const [what, [command, said]] of Object.entries(losing)) {
    test(`with the new secret of carnet ${what} must be read, else the command fails and says that the secret is lost`, async () => {
      await using at = await startAdminService();
      await at.service.register({ client_id: "known" });
      await writeFile(
        join(at.service.folder, "clients.yaml"),
        "owner: default\nclients:\n  - client_id: applied\n    scope: x\n",
      );
      // A second pipe signals that the reader has closed the first.
      const line = `mkfifo told; (read closed < told; carnet ${command}) | (exec <&-; echo closed > told)`;
      const { stderr } = await shell(line, at.service.folder, { CARNET_ADMIN_FILE: at.adminFile });
      const [line1 = "", last] = stderr.trimEnd().split("\n");
      const first = line1.startsWith("{") ? `carnet: ${JSON.parse(line1).error.message}` : line1;
      assert.match(
        first,
        /^carnet: .*, but the secret could not be written to standard output \(EPIPE\) and is lost: /,
      );
      assert.match(first, said);
      assert.equal(last, "carnet ended with 1");
    });
  }

  test("with the demo client's secret must be written, else carnet dev ends", async () => {
    await using folder = await temporaryFolder();
    const { stderr } = await shell(`carnet dev --port ${await freePort()} > /dev/full`, folder.path);
    assert.match(
      stderr,
      /^carnet: The demo client is registered, but the secret could not be written to standard output \(ENOSPC\) and is lost/m,
    );
    assert.match(stderr, /^carnet ended with 1$/m);
  });

  test("fails with a clear message if the disk is full", async () => {
    await using folder = await temporaryFolder();
    const { stderr } = await shell("ulimit -f 0; carnet --help > out.txt", folder.path);
    assert.equal(
      stderr,
      "carnet: The output cannot be written (EFBIG). Check the disk or the pipe.\ncarnet ended with 1\n",
    );
  });

  test("is a table with one line per row, whatever the cells contain", () => {
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
