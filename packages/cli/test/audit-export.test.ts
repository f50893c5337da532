import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertRefused, startAdminService } from "./support/admin-service.ts";

suite("carnet audit export", () => {
  test("prints the lines of the journal as they are", async () => {
    await using at = await startAdminService();
    await at.carnet(["client", "list"]);
    const { code, stdout, stderr } = await runCarnet(["audit", "export", "--output", "-"], {
      env: { CARNET_ADMIN_FILE: at.adminFile },
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const folder = join(at.service.folder, "journal");
    const [file = "", ...others] = await readdir(folder);
    assert.deepEqual(others, []);
    const name = `{"journal_file":"${file.replace(".jsonl", "")}"}\n`;
    assert.equal(stdout, name + (await readFile(join(folder, file), "utf8")));
    const none = await runCarnet(["audit", "export", "--until", "2020-01-01"], {
      env: { CARNET_ADMIN_FILE: at.adminFile },
    });
    assert.deepEqual([none.code, none.stdout], [0, ""]);
    assert.match(none.stderr, /^carnet: The journal of this node has no record in this time\. Give an earlier --since/);
  });

  test("writes a file that only its owner can read, and says how many records it has", async () => {
    await using at = await startAdminService();
    const output = join(at.service.folder, "audit.jsonl");
    const { code, stdout, stderr } = await at.carnet(["audit", "export", "--output", output]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
    const lines = (await readFile(output, "utf8")).trimEnd().split("\n");
    assert.equal(stderr, `${lines.length - 1} records were written to ${output}.\n`);
    assert.equal((await stat(output)).mode & 0o777, 0o600);
    const again = await at.json(["audit", "export", "--output", output, "--yes"]);
    assert.deepEqual(again, {
      file: output,
      records: (await readFile(output, "utf8")).trimEnd().split("\n").length - 1,
    });
    assert.ok(Object(again).records >= lines.length, "the second export has the tokens of the first");
  });

  test("replaces no file without a confirmation", async () => {
    await using at = await startAdminService();
    const output = join(at.service.folder, "audit.jsonl");
    await writeFile(output, "an earlier export\n");
    assertRefused(
      await at.carnet(["audit", "export", "--output", output]),
      /^carnet: Replace the file .*audit\.jsonl\? Nothing was changed, .*--yes to confirm\.\n$/,
    );
    assert.equal(await readFile(output, "utf8"), "an earlier export\n");
  });

  test("says what to do when the file cannot be written", async () => {
    await using at = await startAdminService();
    const output = join(at.service.folder, "missing", "audit.jsonl");
    assertRefused(await at.carnet(["audit", "export", "--output", output]), /cannot be written \(ENOENT\).*--output/);
    const folder = join(at.service.folder, "folder");
    await mkdir(folder);
    assertRefused(await at.carnet(["audit", "export", "--output", folder]), /cannot be written \(EISDIR\)/);
  });

  test("fails when the answer breaks off, and leaves no file that looks complete", async () => {
    await using folder = await temporaryFolder();
    const server = createServer((request, response) => {
      if (request.url === "/oauth2/token")
        return response
          .setHeader("Content-Type", "application/json")
          .end('{"access_token":"a.b.c","expires_in":600,"scope":"carnet:audit:read","token_type":"Bearer"}');
      response
        .setHeader("Content-Type", "application/jsonl")
        .write('{"time":"2026-11-26T17:00:01.250Z"}\n', () => response.destroy());
      return undefined;
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const output = folder.file("audit.jsonl");
      const env = {
        ...{ CARNET_SERVER_URL: `http://127.0.0.1:${port}`, CARNET_ADMIN_CLIENT_ID: "auditor" },
        CARNET_ADMIN_CLIENT_SECRET: "a secret of the auditor",
      };
      assertRefused(
        await runCarnet(["audit", "export", "--output", output], { env }),
        /^carnet: The answer broke off, so it is incomplete\.\nRun the command again/,
      );
      assert.ok(!existsSync(output));
    } finally {
      server.close();
    }
  });
});
