import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { openStore } from "./support/open-store.ts";

suite("carnet client list", () => {
  test("shows a table in the order of the ids, and says how to see the rest", async () => {
    await using folder = await temporaryFolder();
    await register(folder.path, [
      { client_id: "b", client_name: "Büro 東京", scope: "x y" },
      { client_id: "a", status: "disabled", expires_at: "2999-01-01" },
      { client_id: "c" },
    ]);
    const all = await runCarnet(["client", "list"], { cwd: folder.path });
    assert.deepEqual(all, {
      code: 0,
      signal: null,
      stderr: "",
      stdout: [
        "CLIENT ID  NAME     STATUS    SCOPE  EXPIRES                   SECRETS\n",
        "a          -        disabled  -      2999-01-01T00:00:00.000Z  1\n",
        "b          Büro 東京  active    x y    never                     1\n",
        "c          -        active    -      never                     1\n",
      ].join(""),
    });
    const first = await runCarnet(["client", "list", "--limit", "2"], { cwd: folder.path });
    assert.equal(first.stderr, "There are more: add --after b\n");
    assert.match(first.stdout, /^CLIENT ID.*\na .*\nb .*\n$/);
    const rest = await runCarnet(["client", "list", "--limit", "2", "--after", "b"], { cwd: folder.path });
    assert.equal(rest.stderr, "");
    assert.match(rest.stdout, /^CLIENT ID.*\nc .*\n$/);
  });

  test("with --json walks through all clients page by page, each once", async () => {
    await using folder = await temporaryFolder();
    const ids = ["~last", "A", "a b", "a'); drop table clients; --", "client-2", "client-10"];
    await register(
      folder.path,
      ids.map((client_id) => ({ client_id })),
    );
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const args = ["client", "list", "--json", "--limit", "2", ...(after === undefined ? [] : ["--after", after])];
      const { code, stdout, stderr } = await runCarnet(args, { cwd: folder.path });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const page = JSON.parse(stdout);
      assert.ok(page.clients.length <= 2);
      seen.push(...page.clients.map(({ client_id }: { client_id: string }) => client_id));
      after = page.next;
    }
    assert.deepEqual(seen, [...ids].sort());
  });

  test("shows what could move the cursor or hide text as spaces", async () => {
    await using folder = await temporaryFolder();
    const [client] = await register(folder.path, [{ client_id: "evil" }]);
    assert.ok(client);
    const registry = await openStore(folder.path);
    // Registration refuses some of these; another program that writes to the file does not
    await registry.store.insert({
      ...client,
      clientId: "evil2" as typeof client.clientId,
      clientName: "\u001b[2J\u001b]0;title\u0007 \u202eright-to-left\u200b\u009b31m\r\nforged  row",
      workspace: "\u001b[31mred",
      secrets: [],
    });
    await registry.close();
    const show = await runCarnet(["client", "show", "evil2"], { cwd: folder.path });
    const list = await runCarnet(["client", "list"], { cwd: folder.path });
    for (const { code, stdout } of [list, show]) {
      assert.equal(code, 0);
      assert.match(stdout, / {2}\[2J \]0;title {3}right-to-left {2}31m {2}forged {2}row/);
      assert.doesNotMatch(stdout.replaceAll("\n", ""), /\p{C}/u);
    }
    assert.equal(list.stdout.split("\n").length, 4);
  });

  test("says of an empty store that it is empty, and of none that there is none, and makes none", async () => {
    await using folder = await temporaryFolder();
    const missing = await runCarnet(["client", "list"], { cwd: folder.path });
    assert.deepEqual({ code: missing.code, stdout: missing.stdout }, { code: 1, stdout: "" });
    assert.match(
      missing.stderr,
      /^carnet: There is no store at \.carnet\/carnet\.db: `carnet dev` or .* --store names another\.\n$/,
    );
    assert.ok(!existsSync(folder.file(".carnet")));
    await register(folder.path, []);
    const empty = await runCarnet(["client", "list"], { cwd: folder.path });
    assert.equal(
      empty.stdout,
      "There are no clients here yet: `carnet client create --scope file:read` registers one.\n",
    );
    const json = await runCarnet(["client", "list", "--json"], { cwd: folder.path });
    assert.deepEqual(JSON.parse(json.stdout), { clients: [], next: null });
  });
});

suite("carnet client show", () => {
  test("shows all that is known of a client, and no secret", async () => {
    await using folder = await temporaryFolder();
    await register(folder.path, [{ client_id: "shown", client_name: "Shown", scope: "x", access_token_ttl: 60 }]);
    const { code, stdout, stderr } = await runCarnet(["client", "show", "shown"], { cwd: folder.path });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^client_id +shown\nclient_name +Shown\nstatus +active\nscope +x\n/);
    assert.match(stdout, /^access_token_ttl +60 s$/m);
    assert.match(stdout, /\n\nSECRET ID +KIND +CREATED +EXPIRES\n[a-z0-9]{16} +generated +\S+Z +never\n$/);
    assert.doesNotMatch(stdout, /carnet_/);
  });

  test("says of an unknown id what to do, whatever the id looks like", async () => {
    await using folder = await temporaryFolder();
    await register(folder.path, [{ client_id: "known" }]);
    for (const id of ["", "no:\u001b[31m", "KNOWN"]) {
      assert.deepEqual(await runCarnet(["client", "show", id, "--json"], { cwd: folder.path }), {
        code: 1,
        signal: null,
        stdout: "",
        stderr: "carnet: No client with this id is registered here: `carnet client list` shows those that are.\n",
      });
    }
  });
});

type Registration = Parameters<typeof registerClient>[0];

/** Registers clients in a folder's store, which is made if need be. */
async function register(folder: string, registrations: readonly Registration[]) {
  const registry = await openStore(folder);
  try {
    const clients = [];
    for (const registration of registrations) {
      const registered = await registerClient(registration, registry);
      if (!registered.ok) throw new Error(JSON.stringify(registered.error));
      clients.push(registered.value.client);
    }
    return clients;
  } finally {
    await registry.close();
  }
}
