import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { assertRefused } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

const newKey = (): string => randomBytes(32).toString("base64");

/** Commands in the folder of a service. */
function beside(folder: TemporaryFolder) {
  const masterKey = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runCommand(["master-key", ...args, "--data-dir", "."], { cwd: folder.path, env });
  return {
    masterKey,
    async status(env?: Readonly<Record<string, string>>) {
      const { code, stdout, stderr } = await masterKey(["status", "--json"], env);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      return JSON.parse(stdout);
    },
    async writeKey(name: string, text = `${newKey()}\n`) {
      await writeFile(folder.file(name), text, { mode: 0o600 });
      return text.trim();
    },
    admin: async () => JSON.parse(await readFile(folder.file("admin.json"), "utf8")),
    carnet: (...args: string[]) =>
      runCommand(args, { cwd: folder.path, env: { CARNET_ADMIN_FILE: folder.file("admin.json") } }),
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = AbortSignal.timeout(30_000);
  while (!(await condition())) {
    if (end.aborted) assert.fail("it never came");
    await pause(20);
  }
}

suite("carnet master-key", () => {
  test("replaces the key beside a running service, which goes on and starts with the new key afterwards", async () => {
    await using folder = await temporaryFolder();
    const { masterKey, status, writeKey, admin, carnet } = beside(folder);
    {
      await using service = await serveCarnet({ folder: folder.path });
      const { client_secret } = await admin();
      await writeKey("new.key");
      const { code, stdout, stderr } = await masterKey(["rotate", "--new-master-key-file", "new.key"]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(
        stdout,
        /^Two master keys open the store now\. 2 values are sealed under the new data key \w{16}\.\n/,
      );
      assert.match(stdout, /1\. Give each node the new key .*\n2\. .*: `carnet master-key rotate --finish`\n$/s);
      assert.equal((await requestToken(service.url, "carnet-admin", client_secret)).status, 200);
      const found = await carnet("audit", "search", "--kind", "master_key_rotated", "--json");
      assert.equal(JSON.parse(found.stdout).objects[0].id, (await status()).master_keys[1].id);
      const journal = await carnet("audit", "verify", "--json");
      assert.deepEqual([journal.code, JSON.parse(journal.stdout).files], [0, 2]);
      service.process.kill("SIGTERM");
      assert.equal((await service.process.finished()).code, 0);
    }
    assert.equal((await status()).master_keys.length, 2);
    await rename(folder.file("new.key"), folder.file("master.key"));
    await using service = await serveCarnet({ folder: folder.path });
    const finished = await masterKey(["rotate", "--finish", "--yes"]);
    assert.deepEqual({ code: finished.code, stderr: finished.stderr }, { code: 0, stderr: "" });
    assert.match(finished.stdout, /^Only the new master key \w{16} opens the store now\. 2 values are sealed/);
    const { master_keys, given, data_key, retiring_data_keys } = await status();
    assert.deepEqual(master_keys, [{ id: given.master_key, state: "current" }]);
    assert.match(data_key.id, /^\w{16}$/);
    assert.equal(retiring_data_keys.length, 2);
    assert.equal((await requestToken(service.url, "carnet-admin", (await admin()).client_secret)).status, 200);
  });

  test("takes the new key from the environment or a command, and nothing shows it", async () => {
    await using folder = await temporaryFolder();
    const { masterKey, status } = beside(folder);
    await using service = await serveCarnet({ folder: folder.path });
    const keys = { present: await readFile(folder.file("master.key"), "utf8"), next: newKey(), last: newKey() };
    const shown: string[] = [];
    const run = async (args: readonly string[], env?: Readonly<Record<string, string>>) => {
      const { code, stdout, stderr } = await masterKey(args, env);
      shown.push(stdout, stderr);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      return stdout;
    };
    await run(["rotate"], { CARNET_NEW_MASTER_KEY: keys.next });
    await run(["rotate", "--finish", "--yes"], { CARNET_MASTER_KEY: keys.next });
    const json = JSON.parse(
      await run(["rotate", "--json", "--new-master-key-command", `printf %s ${keys.last}`], {
        CARNET_MASTER_KEY_COMMAND: `echo ${keys.next}`,
      }),
    );
    assert.deepEqual(Object.keys(json), ["data_key", "master_keys", "sealed_values"]);
    await run(["status"], { CARNET_MASTER_KEY: keys.last });
    assert.equal((await status({ CARNET_MASTER_KEY: keys.last })).given.master_key, json.master_keys[1]);
    shown.push(service.process.stdout);
    for (const key of Object.values(keys)) assert.ok(!shown.join("").includes(key.slice(0, 12)));
  });

  test("runs the command for the key without the secrets in its own environment", async () => {
    await using folder = await temporaryFolder();
    {
      await using _service = await serveCarnet({ folder: folder.path });
    }
    const key = (await readFile(folder.file("master.key"), "utf8")).trim();
    const secrets = {
      ...{
        CARNET_NEW_MASTER_KEY: newKey(),
        CARNET_ADMIN_CLIENT_SECRET: "planted-1",
        CARNET_CLIENT_SECRET: "planted-2",
      },
      ...{ CARNET_WEBHOOK_URL: "https://events.example.test", CARNET_WEBHOOK_SECRET: `whsec_${newKey()}` },
      ...{ OTEL_EXPORTER_OTLP_HEADERS: "authorization=planted-3", PLAIN: "kept" },
    };
    await writeFile(folder.file("print-key.sh"), `env > environment.txt; echo ${key}\n`);
    const settings = { CARNET_MASTER_KEY_COMMAND: "sh print-key.sh", CARNET_ISSUER: "http://127.0.0.1:1" };
    const args = ["master-key", "status", "--data-dir", "."];
    const { code, stderr } = await runCarnet(args, { cwd: folder.path, env: { ...settings, ...secrets } });
    assert.equal(code, 0, stderr);
    const environment = await readFile(folder.file("environment.txt"), "utf8");
    assert.match(environment, /^PLAIN=kept$/m);
    for (const [name, secret] of Object.entries(secrets))
      if (/SECRET|KEY|HEADERS/.test(name)) assert.ok(!environment.includes(secret), name);
  });

  test("with --cancel goes back to the old key", async () => {
    await using folder = await temporaryFolder();
    const { masterKey, status, writeKey } = beside(folder);
    await using _ = await serveCarnet({ folder: folder.path });
    const before = (await status()).master_keys[0].id;
    await writeKey("new.key");
    assert.equal((await masterKey(["rotate", "--new-master-key-file", "new.key"])).code, 0);
    assertRefused(
      await masterKey(["rotate", "--cancel", "--yes", "--master-key-file", "new.key"]),
      /^carnet: --cancel needs the old master key/,
    );
    const cancelled = await masterKey(["rotate", "--cancel", "--yes"]);
    assert.match(cancelled.stdout, /^Only the old master key \w{16} opens the store now\./);
    assert.deepEqual((await status()).master_keys, [{ id: before, state: "current" }]);
  });

  test("refuses a new key that is missing, empty, too short, exposed or the present one, and changes nothing", async () => {
    await using folder = await temporaryFolder();
    const { masterKey, status, writeKey } = beside(folder);
    await using _ = await serveCarnet({ folder: folder.path });
    const before = await status();
    const rotate = () => masterKey(["rotate", "--new-master-key-file", "new.key"]);
    assertRefused(
      await rotate(),
      /^carnet: The master key file new\.key cannot be read \(ENOENT\): make a key with `openssl/,
    );
    const short = Buffer.alloc(31, 7).toString("base64");
    for (const text of ["", "planted", short]) {
      await writeKey("new.key", text);
      const answer = await rotate();
      assertRefused(answer, /^carnet: The master key file new\.key does not hold 32 bytes in base64: make a key with/);
      assert.ok(text === "" || !answer.stderr.includes(text));
    }
    await writeKey("new.key");
    await chmod(folder.file("new.key"), 0o666);
    assertRefused(await rotate(), /^carnet: The file new\.key can be written by other users \(mode 0666\)/);
    await chmod(folder.file("new.key"), 0o600);
    await writeKey("new.key", await readFile(folder.file("master.key"), "utf8"));
    assertRefused(await rotate(), /^carnet: The new master key is the one that the store has already: make another/);
    assert.deepEqual(await status(), before);
  });

  test("names the flags that do not go together, and the sources of a new key", async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /give the new master key with --new-master-key-file, --new-master-key-command or CARNET_NEW_MASTER_KEY/],
      [["--finish", "--cancel"], /--finish and --cancel exclude each other/],
      [["--finish", "--new-master-key-file", "x"], /--finish and --cancel take no new key/],
      [["--new-master-key-file", "x", "--new-master-key-command", "y"], /the new master key is given more than once/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runCommand(["master-key", "rotate", ...args]);
      assert.equal(code, 2);
      assert.match(stderr.replaceAll("\n", " "), message);
    }
  });

  test("lets one of two commands at once replace the key, and refuses the other", async () => {
    await using folder = await temporaryFolder();
    const { writeKey, status } = beside(folder);
    await using _ = await serveCarnet({ folder: folder.path });
    const rotations = await Promise.all(
      ["one.key", "two.key"].map(async (name) => {
        await writeKey(name);
        return runCarnet(["master-key", "rotate", "--data-dir", ".", "--new-master-key-file", name], {
          cwd: folder.path,
        });
      }),
    );
    assert.deepEqual(rotations.map(({ code }) => code).sort(), [0, 1]);
    const refused = rotations.find(({ code }) => code === 1);
    assert.match(refused?.stderr ?? "", /^carnet: A rotation of the master key is in progress: complete it with/);
    assert.equal((await status()).master_keys.length, 2);
  });

  test("asks before it removes a key, and needs a store and its key", async () => {
    await using folder = await temporaryFolder();
    const { masterKey, status, writeKey } = beside(folder);
    assertRefused(await masterKey(["status"]), /^carnet: There is no store at carnet\.db/);
    await using _ = await serveCarnet({ folder: folder.path });
    assertRefused(
      await masterKey(["rotate", "--finish"]),
      /^carnet: Remove the old master key of carnet\.db\? .* Nothing was changed/,
    );
    assertRefused(await masterKey(["rotate", "--finish", "--yes"]), /^carnet: No rotation of the master key is in/);
    const other = { CARNET_MASTER_KEY: newKey() };
    assert.match(
      (await masterKey(["status"], other)).stdout,
      /this node has +\w{16}, which does not open this store\n/,
    );
    await writeKey("new.key");
    assertRefused(
      await masterKey(["rotate", "--new-master-key-file", "new.key"], other),
      /^carnet: The master key does not open this store/,
    );
    const missing = await status({ CARNET_MASTER_KEY_FILE: "typo.key" });
    assert.equal(missing.given.master_key, null);
    assert.match(missing.given.problem, /typo\.key cannot be read/);
  });

  test("leaves a service that has only the old key running but not ready, with the reason in its log", async () => {
    await using folder = await temporaryFolder();
    const { masterKey, writeKey } = beside(folder);
    await using service = await serveCarnet({ folder: folder.path });
    await writeKey("new.key");
    assert.equal((await masterKey(["rotate", "--new-master-key-file", "new.key"])).code, 0);
    assert.equal((await fetch(`${service.url}/health/ready`)).status, 200);
    assert.equal((await masterKey(["rotate", "--finish", "--yes", "--master-key-file", "new.key"])).code, 0);
    await service.process.prints(
      "stdout",
      /restart it with the one that opens the store.*"event":"master_key_replaced"/,
    );
    await until(async () => (await fetch(`${service.url}/health/ready`)).status === 503);
    assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
    assert.equal(service.process.stdout.split('"master_key_replaced"').length, 2, "it is logged once");
  });
});
