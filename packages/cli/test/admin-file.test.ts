import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, chown, copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

let at: AdminService;
before(async () => {
  at = await startAdminService();
});
after(() => at[Symbol.asyncDispose]());

const list = ["client", "list"];
const named = ["--admin-file", ".carnet/admin.json"];

/** A folder as `carnet dev` leaves it, and a command that says whether the service heard of it. */
async function folderWithAdminFile() {
  const folder = await temporaryFolder();
  await mkdir(folder.file(".carnet"), { mode: 0o700 });
  await copyFile(at.adminFile, folder.file(".carnet/admin.json"));
  return folder;
}

async function run(folder: TemporaryFolder, args: readonly string[] = [], env: Record<string, string> = {}) {
  const before = at.service.log.length;
  const finished = await runCommand([...list, ...args], { cwd: folder.path, env });
  return { ...finished, sent: at.service.log.length > before };
}

/** The same refusal whether the file was found or named. Nothing is sent. */
async function assertNotUsed(folder: TemporaryFolder, said: RegExp): Promise<void> {
  for (const [args, env] of [
    [[], {}],
    [named, {}],
    [[], { CARNET_ADMIN_FILE: ".carnet/admin.json" }],
  ] as const) {
    const refused = await run(folder, args, env);
    assertRefused(refused, said);
    assert.ok(!refused.sent);
  }
}

suite("the admin file", () => {
  test("is not used if other users can write it or its folder, and the message has the command", async () => {
    await using folder = await folderWithAdminFile();
    for (const mode of [0o620, 0o602]) {
      await chmod(folder.file(".carnet/admin.json"), mode);
      await assertNotUsed(
        folder,
        /^carnet: Nothing was sent\. The file \.carnet\/admin\.json can be written by other users \(mode 06[02]{2}\): make sure that nobody has changed it, then run `chmod go-w \.carnet\/admin\.json`\.\n$/,
      );
    }
    await chmod(folder.file(".carnet/admin.json"), 0o600);
    await chmod(folder.file(".carnet"), 0o770);
    await assertNotUsed(
      folder,
      /^carnet: Nothing was sent\. The folder \.carnet can be written by other users \(mode 0770\): .* `chmod go-w \.carnet`\.\n$/,
    );
    await chmod(folder.file(".carnet"), 0o755);
    assert.equal((await run(folder)).code, 0);
  });

  test("is not used if it belongs to another user, even by root", async () => {
    await using folder = await folderWithAdminFile();
    if (process.getuid?.() === 0) await chown(folder.file(".carnet/admin.json"), 65_534, 65_534);
    else await symlink("/etc/passwd", folder.file("roots.json")); // only root can give files away
    const said =
      /^carnet: The file \S+ belongs to the user with the id (65534|0), and your id is \d+: nothing was sent\. Run this as that user, or name your own file with --admin-file\.\n$/;
    if (process.getuid?.() === 0) await assertNotUsed(folder, said);
    else assertRefused(await run(folder, ["--admin-file", "roots.json"]), said);
  });

  test("is not used if it is not a regular file, and a pipe without a writer does not hang the command", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file(".carnet"), { mode: 0o700 });
    execFileSync("sh", ["-c", "mkfifo -m 600 .carnet/admin.json"], { cwd: folder.path });
    await assertNotUsed(
      folder,
      /^carnet: The admin file \.carnet\/admin\.json is not a regular file: nothing was sent\. Name another with --admin-file\.\n$/,
    );
  });

  test("that is found and not named must name this machine, unless a flag gives the address", async () => {
    await using folder = await folderWithAdminFile();
    const content = JSON.parse(await readFile(at.adminFile, "utf8"));
    for (const server_url of [
      "https://iam.example.test",
      "http://127.0.0.1.example.test",
      "http://127.0.0.1@10.0.0.1",
      "x",
    ]) {
      await writeFile(folder.file(".carnet/admin.json"), JSON.stringify({ ...content, server_url }));
      for (const env of [{}, { CARNET_SERVER_URL: server_url }, { CARNET_SERVER_URL: at.service.url }]) {
        const refused = await run(folder, [], env);
        assertRefused(
          refused,
          /^carnet: The admin file \.carnet\/admin\.json names an address that is not on this machine: nothing was sent\. If you trust the file, give --admin-file \.carnet\/admin\.json; otherwise give the address with --server-url\.\n$/,
        );
        assert.ok(!refused.sent);
      }
    }
    assert.equal((await run(folder, ["--server-url", at.service.url])).code, 0);
    const elsewhere = `https://[::ffff:7f00:1]:${await freePort()}`; // not accepted as loopback by its name, and yet nothing leaves this machine
    await writeFile(folder.file(".carnet/admin.json"), JSON.stringify({ ...content, server_url: elsewhere }));
    assertRefused(await run(folder, []), /names an address that is not on this machine/);
    const tried = await run(folder, named);
    assertRefused(tried, /^carnet: Cannot connect to https:\/\/\[::ffff:7f00:1\].*\nIs the service running/s);
  });

  test("is looked for in the data folder of CARNET_DATA_DIR", async () => {
    await using folder = await temporaryFolder();
    const found = await run(folder, [], { CARNET_DATA_DIR: at.service.folder });
    assert.deepEqual({ code: found.code, stderr: found.stderr, sent: found.sent }, { code: 0, stderr: "", sent: true });
    assertRefused(await run(folder, [], { CARNET_DATA_DIR: "none" }), /the file none\/admin\.json does not exist/);
  });
});
