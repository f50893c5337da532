import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { EventKind } from "@carnet/core/audit/event";
import { registerClient } from "@carnet/core/client/register-client";
import { makeBootstrapAdmin, updateAdminFile, writeAdminFile } from "@carnet/server/bootstrap-admin";
import { OperatorFault } from "@carnet/server/fault";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { sqliteDialect } from "@carnet/server/store/sqlite/sqlite-dialect";
import { allClients } from "@carnet/testkit/all-clients";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { comparable } from "@carnet/testkit/sample-clients";
import { eventQuery, withEvent } from "@carnet/testkit/sample-events";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const issuer = "https://iam.example.test";

async function newStore() {
  const folder = await temporaryFolder();
  const storePath = folder.file("carnet.db");
  const registry = await openTestRegistry(storePath);
  const db = await openSqlite(storePath);
  return {
    ...{ folder, storePath, registry, db, file: folder.file("admin.json") },
    make: () =>
      makeBootstrapAdmin(
        { db, dialect: sqliteDialect },
        { issuer, adminFile: folder.file("admin.json"), node: "test" },
        registry,
      ),
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
  test("is created once, with its secret in a file that only the owner can read, and is returned only then", async () => {
    await using store = await newStore();
    const made = await store.make();
    assert.ok(made);
    const [client] = await allClients(store.registry.store);
    assert.equal(client?.clientId, "carnet-admin");
    assert.deepEqual(client?.scopes, ["carnet:clients:read", "carnet:clients:write", "carnet:audit:read"]);
    assert.equal(statSync(store.file).mode & 0o777, 0o600);
    const content = read(store.file);
    assert.equal(content.client_id, "carnet-admin");
    assert.equal(content.client_secret, made.clientSecret.reveal());
    assert.equal(made.file, store.file);
    assert.deepEqual(
      Buffer.from(store.registry.hasher.digest("carnet-admin", content.client_secret).digest),
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

  test("leaves one event of its creation and one of its file, without the secret", async () => {
    await using store = await newStore();
    const made = await store.make();
    await store.make();
    const kinds: EventKind[] = ["admin_created", "credentials_file_written"];
    const stored = await store.registry.events.search(eventQuery({ kinds, clientId: "carnet-admin" }));
    const [written, created] = stored.map(({ json }) => JSON.parse(json));
    assert.deepEqual([stored.length, written.file, written.actor.type], [2, store.file, "service"]);
    assert.deepEqual(
      created.objects.map(({ type, action }: Record<string, unknown>) => [type, action]),
      [
        ["client", "created"],
        ["secret", "created"],
      ],
    );
    const text = JSON.stringify(stored);
    assert.ok(made !== undefined && !text.includes(made.clientSecret.reveal().slice(24)));
  });

  test("is not created again after it was deleted", async () => {
    await using store = await newStore();
    await store.make();
    const [first] = await allClients(store.registry.store);
    assert.ok(first);
    // The last platform admin cannot be deleted
    assert.ok((await registerClient({ client_id: "second-admin", role: "admin" }, store.registry)).ok);
    assert.equal(await store.registry.store.delete(first, withEvent()), "deleted");
    rmSync(store.file);
    assert.equal(await store.make(), undefined);
    assert.deepEqual(await store.ids(), ["second-admin"]);
    assert.ok(!readdirSync(store.folder.path).includes("admin.json"));
  });

  test("does not replace a client with the same id, and then writes no file", async () => {
    await using store = await newStore();
    const own = await registerClient({ client_id: "carnet-admin", scope: "x" }, store.registry);
    assert.ok(own.ok);
    for (let start = 0; start < 2; start++) assert.equal(await store.make(), undefined);
    assert.deepEqual((await allClients(store.registry.store)).map(comparable), [comparable(own.value.client)]);
    assert.ok(!readdirSync(store.folder.path).includes("admin.json"));
  });

  test("whose file cannot be written stops the start and is not stored, and the next start creates it", async () => {
    await using store = await newStore();
    mkdirSync(store.file, { mode: 0o700 });
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

  test("is created by exactly one of several concurrent starts, and the file has its secret", async () => {
    await using store = await newStore();
    const children = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = fork(new URL("./bootstrap-admin-child.ts", import.meta.url), {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
        });
        await message(child);
        return child;
      }),
    );
    const answers = children.map(message);
    const ends = children.map((child) => once(child, "exit"));
    for (const child of children) child.send({ storePath: store.storePath, adminFile: store.file });
    const secrets = (await Promise.all(answers)).map(([secret]) => String(secret)).filter((secret) => secret !== "");
    await Promise.all(ends);
    assert.equal(secrets.length, 1);
    assert.deepEqual([read(store.file).client_secret], secrets);
    assert.deepEqual(await store.ids(), ["carnet-admin"]);
  });
});

/** The next message of a child. Rejects if the child ends without one. */
const message = (child: ChildProcess): Promise<readonly unknown[]> =>
  Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the child ended with ${code}`))),
  ]);

suite("The bootstrap file", () => {
  test("gets the URL at which the service can be called, and keeps its other members and its mode", async () => {
    await using store = await newStore();
    await store.make();
    const before = read(store.file);
    for (const [listening, called] of [
      ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
      ["http://0.0.0.0:9090", "http://127.0.0.1:9090"],
      ["http://[::]:9090", "http://[::1]:9090"],
    ] as const) {
      await updateAdminFile(store.file, listening, { ...store.registry, isNew: false });
      assert.deepEqual(read(store.file), { ...before, server_url: called });
      assert.equal(statSync(store.file).mode & 0o777, 0o600);
    }
  });

  test("is recorded once by a first start, even if it gets another URL", async () => {
    await using store = await newStore();
    await store.make();
    const writes = async () =>
      (await store.registry.events.search(eventQuery({ kinds: ["credentials_file_written"] }))).length;
    assert.equal(await writes(), 1);
    await updateAdminFile(store.file, "http://127.0.0.1:8080", { ...store.registry, isNew: true });
    assert.equal(read(store.file).server_url, "http://127.0.0.1:8080");
    assert.equal(await writes(), 1);
    await updateAdminFile(store.file, "http://127.0.0.1:9090", { ...store.registry, isNew: false });
    assert.equal(await writes(), 2);
  });

  test("is not created again, and is not changed when it has other content or another store's secret", async () => {
    await using store = await newStore();
    await using other = await newStore();
    await other.make();
    const update = () => updateAdminFile(store.file, "http://127.0.0.1:8080", { ...store.registry, isNew: false });
    await update();
    assert.ok(!readdirSync(store.folder.path).includes("admin.json"));
    const contents = ["no JSON", "[]", "null", '"text"', '{"notes": "mine"}', readFileSync(other.file, "utf8")];
    for (const content of contents) {
      writeFileSync(store.file, content, { mode: 0o600 });
      await update();
      assert.equal(readFileSync(store.file, "utf8"), content);
    }
  });

  test("for a remote service is not replaced by a first start, and the message says what to do", async () => {
    await using store = await newStore();
    const remote = '{"server_url": "https://elsewhere.example.test", "client_secret": "planted"}';
    writeFileSync(store.file, remote, { mode: 0o600 });
    await assert.rejects(
      store.make(),
      (error) =>
        error instanceof OperatorFault &&
        /^The admin file \S+ is for another service, at https:\/\/elsewhere\.example\.test: name another file with --admin-file or CARNET_ADMIN_FILE, or move it away with `mv /.test(
          error.message,
        ),
    );
    assert.equal(readFileSync(store.file, "utf8"), remote);
    assert.deepEqual(await store.ids(), []);
    writeFileSync(store.file, remote.replace("https://elsewhere.example.test", "http://127.0.0.1:1"));
    assert.ok(await store.make(), "a file for this machine is left from an earlier registry");
  });
});

suite("The admin file", () => {
  test("replaces a symbolic link instead of following it, and only its owner can read it", async () => {
    await using folder = await temporaryFolder();
    const [path, elsewhere] = [folder.file("admin.json"), folder.file("elsewhere")];
    writeFileSync(elsewhere, "", { mode: 0o666 });
    symlinkSync(elsewhere, path);
    writeAdminFile(path, { client_secret: "planted" });
    assert.equal(readFileSync(elsewhere, "utf8"), "");
    assert.ok(lstatSync(path).isFile());
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });
});
