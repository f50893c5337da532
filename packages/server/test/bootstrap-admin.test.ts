import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import {
  bootstrapFile,
  makeBootstrapAdmin,
  pointBootstrapFileAt,
  writeAdminFile,
} from "@carnet/server/bootstrap-admin";
import { OperatorFault } from "@carnet/server/fault";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { allClients } from "@carnet/testkit/all-clients";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { comparable } from "@carnet/testkit/sample-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const issuer = "https://iam.example.test";

async function newStore() {
  const folder = await temporaryFolder();
  const storePath = folder.file("carnet.db");
  const registry = await openTestRegistry(storePath);
  const db = await openSqlite(storePath);
  return {
    ...{ folder, storePath, registry, db, file: bootstrapFile(storePath) },
    make: () => makeBootstrapAdmin({ db, dialect: sqliteDialect }, { issuer, storePath }, registry),
    ids: async () => (await allClients(registry.store)).map(({ clientId }) => clientId),
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await registry.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));

suite("The first admin client", () => {
  test("is made once, with its secret in a file for the owner only, and given this once", async () => {
    await using store = await newStore();
    const made = await store.make();
    assert.ok(made);
    const [client] = await allClients(store.registry.store);
    assert.equal(client?.clientId, "carnet-admin");
    assert.deepEqual(client?.scopes, ["carnet:clients:read", "carnet:clients:write"]);
    assert.equal(statSync(store.file).mode & 0o777, 0o600);
    const content = read(store.file);
    assert.equal(content.client_id, "carnet-admin");
    assert.equal(content.client_secret, made.clientSecret.reveal());
    assert.equal(made.file, store.file);
    assert.deepEqual(
      Buffer.from(store.registry.hasher.digest("carnet-admin", content.client_secret)),
      Buffer.from(client?.secrets[0]?.digest ?? []),
    );
    assert.equal(await store.make(), undefined);
    assert.deepEqual(read(store.file), content);
    assert.deepEqual(await store.ids(), ["carnet-admin"]);
    assert.deepEqual(
      readdirSync(store.folder.path).filter((name) => name.endsWith(".new")),
      [],
    );
  });

  test("that was deleted is not made again", async () => {
    await using store = await newStore();
    await store.make();
    for (const client of await allClients(store.registry.store)) await store.registry.store.delete(client);
    rmSync(store.file);
    assert.equal(await store.make(), undefined);
    assert.deepEqual(await store.ids(), []);
    assert.ok(!readdirSync(store.folder.path).includes("admin.json"));
  });

  test("leaves a client alone that has its name already, and then there is no file", async () => {
    await using store = await newStore();
    const own = await registerClient({ client_id: "carnet-admin", scope: "x" }, store.registry);
    assert.ok(own.ok);
    for (let start = 0; start < 2; start++) assert.equal(await store.make(), undefined);
    assert.deepEqual((await allClients(store.registry.store)).map(comparable), [comparable(own.value.client)]);
    assert.ok(!readdirSync(store.folder.path).includes("admin.json"));
  });

  test("whose file cannot be written stops the start and is not kept, and the next start makes it", async () => {
    await using store = await newStore();
    mkdirSync(store.file);
    await assert.rejects(
      store.make(),
      (error) =>
        error instanceof OperatorFault && /admin\.json for the first admin client cannot be/.test(error.message),
    );
    assert.deepEqual(await store.ids(), []);
    assert.deepEqual(
      readdirSync(store.folder.path).filter((name) => name.endsWith(".new")),
      [],
    );
    rmSync(store.file, { recursive: true });
    assert.ok(await store.make());
    assert.deepEqual(await store.ids(), ["carnet-admin"]);
  });

  test("is made by exactly one of the processes that start at once, and the file has its secret", async () => {
    await using store = await newStore();
    const children = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = fork(new URL("./bootstrap-admin-child.ts", import.meta.url), {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
        });
        await once(child, "message");
        return child;
      }),
    );
    const answers = children.map((child) => once(child, "message"));
    const ends = children.map((child) => once(child, "exit"));
    for (const child of children) child.send(store.storePath);
    const secrets = (await Promise.all(answers)).map(([secret]) => String(secret)).filter((secret) => secret !== "");
    await Promise.all(ends);
    assert.equal(secrets.length, 1);
    assert.deepEqual([read(store.file).client_secret], secrets);
    assert.deepEqual(await store.ids(), ["carnet-admin"]);
  });
});

suite("The bootstrap file", () => {
  test("is pointed at where the service listens, an address to be called, and keeps all else and its mode", async () => {
    await using store = await newStore();
    await store.make();
    const before = read(store.file);
    for (const [listening, called] of [
      ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
      ["http://0.0.0.0:9090", "http://127.0.0.1:9090"],
      ["http://[::]:9090", "http://[::1]:9090"],
    ] as const) {
      pointBootstrapFileAt(listening, store.storePath);
      assert.deepEqual(read(store.file), { ...before, server_url: called });
      assert.equal(statSync(store.file).mode & 0o777, 0o600);
    }
  });

  test("that was taken away stays away, and one that is somebody else's stays as it is", async () => {
    await using folder = await temporaryFolder();
    const storePath = folder.file("carnet.db");
    pointBootstrapFileAt("http://127.0.0.1:8080", storePath);
    assert.deepEqual(readdirSync(folder.path), []);
    for (const content of ["no JSON", "[]", "null", '"text"', '{"notes": "mine"}']) {
      writeFileSync(bootstrapFile(storePath), content);
      pointBootstrapFileAt("http://127.0.0.1:8080", storePath);
      assert.equal(readFileSync(bootstrapFile(storePath), "utf8"), content);
    }
  });
});

suite("The admin file", () => {
  test("is written anew and for its owner alone, whatever stands where its draft goes", async () => {
    await using folder = await temporaryFolder();
    const [path, elsewhere] = [folder.file("admin.json"), folder.file("elsewhere")];
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(elsewhere, "", { mode: 0o666 });
    symlinkSync(elsewhere, draft);
    writeAdminFile(path, { client_secret: "planted" });
    assert.equal(readFileSync(elsewhere, "utf8"), "");
    assert.ok(lstatSync(path).isFile());
    writeFileSync(draft, "left by a start that was cut short");
    chmodSync(draft, 0o666);
    writeAdminFile(path, { client_secret: "planted" });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });
});
