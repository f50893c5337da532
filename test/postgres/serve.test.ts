import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const masterKey = randomBytes(32).toString("base64");
const password = "planted-Passw0rd-of-the-store";

/** A database and a user with a password, who owns it. */
async function databaseOf(user: string): Promise<string> {
  const server = await sharedPostgres();
  const url = await server.createDatabase();
  const name = new URL(url).pathname.slice(1);
  await server.query(`create role ${user} login password '${password}'; alter database ${name} owner to ${user}`);
  return url.replace("postgres@", `${user}@`);
}

const adminOf = (folder: { file(name: string): string }): { client_id: string; client_secret: string } =>
  JSON.parse(readFileSync(folder.file("admin.json"), "utf8"));

suite("carnet on PostgreSQL", () => {
  test("two nodes that start at once on an empty database end with one set of keys and one admin client", async () => {
    const url = await databaseOf("twonodes");
    await using folders = new AsyncDisposableStack();
    const nodes = [1, 2].map(async () => {
      const folder = folders.use(await temporaryFolder());
      writeFileSync(folder.file("password"), `${password}\n`, { mode: 0o600 });
      // What libpq reads has no effect
      const foreign = {
        PGHOST: "nowhere.invalid",
        PGPASSWORD: "x",
        PGSSLMODE: "verify-full",
        PGOPTIONS: "-c search_path=x",
      };
      const env = { CARNET_STORE: url, CARNET_MASTER_KEY: masterKey, ...foreign };
      const args = ["--store-password-file", folder.file("password")];
      return { folder, carnet: folders.use(await serveCarnet({ folder: folder.path, args, env })) };
    });
    const [one, two] = await Promise.all(nodes);
    assert.ok(one && two);
    const keysOf = async (at: string) => (await fetch(`${at}/oauth2/jwks`)).json();
    const keys = await keysOf(one.carnet.url);
    assert.equal(keys.keys.length, 1);
    assert.deepEqual(await keysOf(two.carnet.url), keys);
    const admins = [one, two].filter(({ folder }) => hasAdmin(folder));
    assert.equal(admins.length, 1, "one of them has made the admin client");
    const [maker] = admins;
    assert.ok(maker);
    const { client_id, client_secret } = adminOf(maker.folder);
    for (const { carnet } of [one, two])
      assert.equal((await requestToken(carnet.url, client_id, client_secret)).status, 200);
  });

  test("the password is in no output and no flag, and commands without the service work on the store", async () => {
    const url = await databaseOf("whole");
    await using folder = await temporaryFolder();
    const withPassword = url.replace("whole@", `whole:${password}@`);
    const env = { CARNET_STORE: withPassword, CARNET_MASTER_KEY: masterKey };
    const check = await runCarnet(["migrate", "--check", "--json"], { cwd: folder.path, env });
    assert.equal(check.code, 1, check.stderr);
    assert.equal(JSON.parse(check.stdout).pending[0], "0001-clients-and-keys");
    const migrated = await runCarnet(["migrate"], { cwd: folder.path, env });
    assert.match(migrated.stdout, /is up to date now\. Applied:\n {2}0001-clients-and-keys\n/);
    assert.equal((await runCarnet(["migrate", "--check"], { cwd: folder.path, env })).code, 0);

    const outputs = [check, migrated].map(({ stdout, stderr }) => stdout + stderr);
    {
      await using carnet = await serveCarnet({ folder: folder.path, env });
      const { client_id, client_secret } = adminOf(folder);
      assert.equal((await requestToken(carnet.url, client_id, client_secret)).status, 200);
      assert.ok(!readFileSync(`/proc/${carnet.process.pid}/cmdline`, "utf8").includes(password));
      carnet.process.kill("SIGTERM");
      const { code, stdout, stderr } = await carnet.process.finished();
      assert.equal(code, 0, stderr);
      outputs.push(stdout + stderr);
    }
    const reset = await runCarnet(["admin", "reset", "--yes", "--json", "--data-dir", folder.path], {
      cwd: folder.path,
      env,
    });
    assert.equal(reset.code, 0, reset.stderr);
    const verified = await runCarnet(["audit", "verify", "--offline", "--data-dir", folder.path], {
      cwd: folder.path,
      env,
    });
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    outputs.push(reset.stderr, verified.stdout + verified.stderr);
    for (const output of outputs) assert.ok(!output.includes(password), output);
  });

  test("a password in a flag, an unknown parameter and a missing master key are refused with a next step", async () => {
    await using folder = await temporaryFolder();
    const url = await databaseOf("careful");
    const serve = ["serve", "--issuer", "https://iam.example.com", "--port", `${await freePort()}`];
    const inFlag = await runCarnet([...serve, "--store", url.replace("@", `:${password}@`)], { cwd: folder.path });
    assert.equal(inFlag.code, 2);
    assert.match(
      inFlag.stderr,
      /--store contains a password, which other users .* name that with --store-password-file/s,
    );
    const unknown = await runCarnet([...serve, "--store", `${url}?target_session_attrs=any`], { cwd: folder.path });
    assert.match(
      unknown.stderr,
      /its parameter "target_session_attrs" is not supported\. Accepted: .*sslmode, sslrootcert/s,
    );
    writeFileSync(folder.file("password"), password);
    chmodSync(folder.file("password"), 0o600);
    const env = { CARNET_STORE: url, CARNET_STORE_PASSWORD_FILE: folder.file("password") };
    const noKey = await runCarnet(serve, { cwd: folder.path, env });
    assert.equal(noKey.code, 1);
    assert.match(noKey.stderr, /needs a master key that all nodes share.*openssl rand -base64 32/s);
    const twice = await runCarnet(serve, { cwd: folder.path, env: { ...env, CARNET_STORE: url.replace("@", ":x@") } });
    assert.match(twice.stderr, /The password of the store is given twice/);
    for (const { stdout, stderr } of [inFlag, unknown, noKey, twice]) assert.ok(!(stdout + stderr).includes(password));
  });

  test("a password file that is missing stops the start, and one that changes is used for the next connection", async () => {
    const url = await databaseOf("rotated");
    await using folder = await temporaryFolder();
    const file = folder.file("password");
    const env = { CARNET_STORE: url, CARNET_STORE_PASSWORD_FILE: file, CARNET_MASTER_KEY: masterKey };
    const missing = await runCarnet(["migrate"], { cwd: folder.path, env });
    assert.match(
      missing.stderr,
      /The password file .* cannot be read: let this user read it, or correct CARNET_STORE_PASSWORD_FILE/,
    );
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    await using carnet = await serveCarnet({ folder: folder.path, env });
    const server = await sharedPostgres();
    writeFileSync(file, "another\n");
    await server.query("alter role rotated password 'another'");
    await server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'");
    const { client_id } = adminOf(folder);
    let status = 503; // as long as the service uses a connection that was cut
    while (status === 503) status = (await requestToken(carnet.url, client_id, "wrong")).status;
    assert.equal(status, 401, "the store was asked over a new connection");
  });
});

function hasAdmin(folder: { file(name: string): string }): boolean {
  try {
    return adminOf(folder).client_id !== "";
  } catch {
    return false;
  }
}
