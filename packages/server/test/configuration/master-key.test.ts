import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, suite, test } from "node:test";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { obtainMasterKey, readNewMasterKey } from "@carnet/server/configuration/master-key";
import { OperatorFault } from "@carnet/server/fault";

const folders: string[] = [];
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "carnet-test-"));
  folders.push(folder);
});
after(async () => {
  for (const one of folders) await rm(one, { recursive: true });
});

const configurationOf = (environment: Record<string, string> = {}) =>
  loadConfiguration({
    mode: "dev",
    flags: { dataDir: join(folder, "data") },
    environment,
    file: undefined,
  });
const keyFile = () => join(folder, "data", "master.key");

async function faultOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof OperatorFault);
    return error.message;
  }
  assert.fail("a key was obtained");
}

suite("The master key of a new store", () => {
  test("is created once in the data folder, at random and for the owner only, and read from then on", async () => {
    const first = (await obtainMasterKey(configurationOf(), false)).export();
    assert.equal(first.length, 32);
    assert.equal((await stat(keyFile())).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, "data"))).mode & 0o777, 0o700);
    assert.deepEqual(Buffer.from((await readFile(keyFile(), "utf8")).trim(), "base64"), first);
    assert.deepEqual((await obtainMasterKey(configurationOf(), false)).export(), first);
    assert.deepEqual((await obtainMasterKey(configurationOf(), true)).export(), first);
    assert.deepEqual(await readdir(join(folder, "data")), [".gitignore", "master.key"]);
  });

  test("differs between stores", async () => {
    const first = (await obtainMasterKey(configurationOf(), false)).export();
    const other = loadConfiguration({
      mode: "dev",
      flags: { dataDir: join(folder, "other") },
      environment: {},
      file: undefined,
    });
    assert.notDeepEqual((await obtainMasterKey(other, false)).export(), first);
  });

  test("is not created when one is given", async () => {
    const given = Buffer.alloc(32, 9);
    const key = await obtainMasterKey(configurationOf({ CARNET_MASTER_KEY: given.toString("base64") }), false);
    assert.deepEqual(key.export(), given);
    await assert.rejects(stat(keyFile()), /ENOENT/);
  });

  test("is created although a killed process left its draft", async () => {
    await obtainMasterKey(configurationOf(), false);
    await rm(keyFile());
    await writeFile(join(folder, "data", `master.key.${process.pid}.new`), "half");
    assert.equal((await obtainMasterKey(configurationOf(), false)).export().length, 32);
  });

  test("is not created when a named file is missing, because an old store would get a new key", async () => {
    const missing = join(folder, "named.key");
    const fault = await faultOf(() => obtainMasterKey(configurationOf({ CARNET_MASTER_KEY_FILE: missing }), false));
    assert.match(fault, /named\.key cannot be read \(ENOENT\).*CARNET_MASTER_KEY/);
    await assert.rejects(stat(missing), /ENOENT/);
  });

  test("is not repeated when it stands in the place of its file's name", async () => {
    const key = Buffer.alloc(32, 9).toString("base64");
    for (const given of [key, key.replace("=", "")]) {
      const asNew = () => readNewMasterKey({ file: given });
      for (const obtain of [() => obtainMasterKey(configurationOf({ CARNET_MASTER_KEY_FILE: given }), true), asNew]) {
        const fault = await faultOf(obtain);
        assert.match(fault, /looks like a key itself: write the key into a file, and give its path\.$/);
        assert.ok(!fault.includes(key.slice(0, 8)));
      }
    }
  });
});

suite("The master key of a store that has one", () => {
  test("is not created again when its file is missing", async () => {
    assert.match(
      await faultOf(() => obtainMasterKey(configurationOf(), true)),
      /master\.key cannot be read \(ENOENT\): put back the one that the store was made with/,
    );
    await assert.rejects(stat(keyFile()), /ENOENT/);
  });

  test("is refused when its file has other content, which is never repeated", async () => {
    await obtainMasterKey(configurationOf(), false);
    await chmod(keyFile(), 0o600);
    for (const text of [
      "",
      "planted",
      Buffer.alloc(31).toString("base64"),
      `${Buffer.alloc(32, 5).toString("base64")}\nmore`,
    ]) {
      await writeFile(keyFile(), text);
      const fault = await faultOf(() => obtainMasterKey(configurationOf(), true));
      assert.match(fault, /master\.key does not hold 32 bytes in base64/);
      assert.ok(!fault.includes("planted"));
      assert.equal(await readFile(keyFile(), "utf8"), text);
    }
  });
});
