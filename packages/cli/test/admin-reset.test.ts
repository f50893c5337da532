import assert from "node:assert/strict";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "@carnet/protocol/admin/clients";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertRefused, generatedSecret } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

const adminId = "carnet-admin";

interface AdminFile {
  readonly server_url: string;
  readonly client_id: string;
  readonly client_secret: string;
}

/** A service's store and admin file, and commands that run in the same folder. */
function beside(folder: TemporaryFolder) {
  const adminFile = folder.file("admin.json");
  return {
    adminFile,
    readAdminFile: async (): Promise<AdminFile> => JSON.parse(await readFile(adminFile, "utf8")),
    carnet: (...args: string[]) => runCommand(args, { cwd: folder.path, env: { CARNET_ADMIN_FILE: adminFile } }),
    reset: (...args: string[]) => runCommand(["admin", "reset", "--data-dir", ".", ...args], { cwd: folder.path }),
  };
}

/** Polls until the condition holds: a running service sees a change within a second. */
async function until(status: number, url: string, secret: string): Promise<void> {
  const end = AbortSignal.timeout(30_000);
  while (!end.aborted) {
    if ((await requestToken(url, adminId, secret)).status === status) return;
    await pause(20);
  }
  assert.fail(`the answer never was ${status}`);
}

suite("carnet admin reset", () => {
  test("beside a running service creates a new secret, which commands use at once, and revokes the old one", async () => {
    await using folder = await temporaryFolder();
    await using service = await serveCarnet({ folder: folder.path });
    const { reset, readAdminFile, carnet, adminFile } = beside(folder);
    const before = await readAdminFile();
    assert.equal((await requestToken(service.url, adminId, before.client_secret)).status, 200);
    const { code, stdout, stderr } = await reset("--yes");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const secret = generatedSecret.exec(stdout)?.[0] ?? "";
    assert.equal(stdout.split(secret).length, 2, "it is shown once");
    assert.deepEqual(await readAdminFile(), { server_url: service.url, client_id: adminId, client_secret: secret });
    assert.equal((await stat(adminFile)).mode & 0o777, 0o600);
    const listed = await carnet("client", "list");
    assert.deepEqual({ code: listed.code, stderr: listed.stderr }, { code: 0, stderr: "" });
    await until(401, service.url, before.client_secret);
    assert.ok(!service.process.stdout.includes(secret));
  });

  test("without a running service, the next start uses the reset admin and creates no other", async () => {
    await using folder = await temporaryFolder();
    const { reset, readAdminFile, adminFile, carnet } = beside(folder);
    let old: AdminFile;
    {
      await using service = await serveCarnet({ folder: folder.path });
      old = await readAdminFile();
      service.process.kill("SIGTERM");
      assert.equal((await service.process.finished()).code, 0);
    }
    await rm(adminFile);
    const { code, stdout } = await reset("--yes", "--json");
    assert.equal(code, 0);
    const { client_secret, ...facts } = JSON.parse(stdout);
    assert.deepEqual(facts, { client_id: adminId, file: "admin.json", server_url: "http://localhost:8080" });
    await using service = await serveCarnet({ folder: folder.path });
    assert.deepEqual(await readAdminFile(), { server_url: service.url, client_id: adminId, client_secret });
    assert.doesNotMatch(service.process.stdout, /admin_client_made/);
    assert.equal((await requestToken(service.url, adminId, old.client_secret)).status, 401);
    assert.equal((await carnet("client", "list")).code, 0);
  });

  test("restores an admin that was disabled, expired, or given other addresses, scopes or another role", async () => {
    await using folder = await temporaryFolder();
    await using service = await serveCarnet({ folder: folder.path });
    const { reset, carnet } = beside(folder);
    const show = async (): Promise<Client> => JSON.parse((await carnet("client", "show", adminId, "--json")).stdout);
    const { secrets: _, updated_at: __, ...whole } = await show();
    await carnet("admin", "create", "other", "--role", "admin"); // because the last platform admin cannot be locked out
    const locks: readonly (readonly string[])[] = [
      ["client", "disable"],
      ["client", "change", "--expires-at", "2999-01-01", "--allow-ip", "203.0.113.1"],
      ["client", "change", "--scope", "carnet:clients:read"],
      ["admin", "change", "--role", "auditor"],
      ["client", "change", "--auth-method", "client_secret_basic", "--username", "other", "--token-ttl", "1"],
    ];
    for (const [command = "", verb = "", ...flags] of locks) {
      assert.equal((await carnet(command, verb, adminId, ...flags, "--yes")).code, 0, flags.join(" "));
      assert.equal((await reset("--yes")).code, 0);
      const { secrets, updated_at, ...back } = await show();
      assert.deepEqual(back, whole, flags.join(" "));
      assert.equal(secrets.filter(({ state }) => state === "active").length, 1);
    }
    assert.equal((await requestToken(service.url, "nobody", "x")).status, 401);
  });

  test("creates the admin client again after it was deleted", async () => {
    await using folder = await temporaryFolder();
    await using _ = await serveCarnet({ folder: folder.path });
    const { reset, carnet } = beside(folder);
    await carnet("admin", "create", "other", "--role", "admin");
    assert.equal((await carnet("client", "delete", adminId, "--yes")).code, 0);
    assertRefused(await carnet("client", "list"), /invalid_client.*`carnet admin reset` creates new ones\.\n$/s);
    assert.equal((await reset("--yes")).code, 0);
    assert.match((await carnet("client", "list")).stdout, /^carnet-admin .* active .*carnet:clients:writ…/m);
  });

  test("asks for confirmation, and changes nothing without a terminal", async () => {
    await using folder = await temporaryFolder();
    await using service = await serveCarnet({ folder: folder.path });
    const { reset, readAdminFile } = beside(folder);
    const before = await readAdminFile();
    assertRefused(
      await reset(),
      /^carnet: Give carnet-admin in carnet\.db a new secret and revoke its old ones at once\? Nothing was changed/,
    );
    assert.deepEqual(await readAdminFile(), before);
    assert.equal((await requestToken(service.url, adminId, before.client_secret)).status, 200);
  });

  test("needs the store and its master key, and creates neither", async () => {
    await using folder = await temporaryFolder();
    const { reset } = beside(folder);
    assertRefused(
      await reset("--yes"),
      /^carnet: There is no store at carnet\.db: run this in the service's folder, or name its data folder with --data-dir or its store with --store\.\n$/,
    );
    await assert.rejects(stat(folder.file("carnet.db")), { code: "ENOENT" });
    {
      await using service = await serveCarnet({ folder: folder.path });
      service.process.kill("SIGTERM");
      await service.process.finished();
    }
    const key = await readFile(folder.file("master.key"), "utf8");
    await rm(folder.file("master.key"));
    assertRefused(await reset("--yes"), /^carnet: The master key file master\.key cannot be read \(ENOENT\): put back/);
    await writeFile(folder.file("master.key"), `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o600 });
    assertRefused(await reset("--yes"), /^carnet: The master key does not open this store/);
    await writeFile(folder.file("master.key"), key);
    assert.equal((await reset("--yes")).code, 0);
  });

  test("creates the client again even if its scopes were removed from the catalogue", async () => {
    await using folder = await temporaryFolder();
    await using service = await serveCarnet({ folder: folder.path });
    const { reset } = beside(folder);
    const database = new DatabaseSync(folder.file("carnet.db"), { timeout: 5000 });
    database.exec(
      "delete from clients where client_id = 'carnet-admin'; delete from scopes where name like 'carnet:%'",
    );
    database.close();
    const { code, stdout, stderr } = await reset("--yes");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await until(200, service.url, generatedSecret.exec(stdout)?.[0] ?? "");
  });

  test("writes the address from --server-url to the file, for a service elsewhere on the network", async () => {
    await using folder = await temporaryFolder();
    await using _ = await serveCarnet({ folder: folder.path });
    const { reset, readAdminFile } = beside(folder);
    await reset("--yes", "--server-url", "https://iam.example.com");
    assert.equal((await readAdminFile()).server_url, "https://iam.example.com");
  });

  test("shows the secret and reports the problem if the file cannot be written", async () => {
    await using folder = await temporaryFolder();
    await using service = await serveCarnet({ folder: folder.path });
    const { reset, adminFile } = beside(folder);
    await rm(adminFile);
    await mkdir(adminFile, { mode: 0o700 }); // a folder cannot be replaced by a file
    const { code, stdout, stderr } = await reset("--yes");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^carnet: The file admin\.json for the first admin client cannot be written \(EISDIR\): let this user/,
    );
    const secret = generatedSecret.exec(stdout)?.[0] ?? "";
    assert.equal((await requestToken(service.url, adminId, secret)).status, 200);
    assert.ok(!stderr.includes(secret));
  });

  test("is not recorded in a folder that is not the service's journal, and says which flag is missing", async () => {
    await using folder = await temporaryFolder();
    await using _ = await serveCarnet({ folder: folder.path, args: ["--journal", folder.file("elsewhere")] });
    const { reset, carnet } = beside(folder);
    const { code, stderr } = await reset("--yes");
    assert.equal(code, 0);
    assert.match(
      stderr,
      /is recorded in the store, but not in the journal\. The folder journal has no.*with --data-dir, or its journal with --journal/s,
    );
    await assert.rejects(stat(folder.file("journal")), { code: "ENOENT" });
    const found = await carnet("audit", "search", "--kind", "admin_reset", "--json");
    assert.equal(found.stdout.trimEnd().split("\n").length, 1);
    assert.equal((await reset("--yes", "--journal", "elsewhere")).stderr, "");
    const verified = await carnet("audit", "verify", "--json");
    assert.deepEqual([verified.code, JSON.parse(verified.stdout).files], [0, 2]);
  });
});
