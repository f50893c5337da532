import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { openStore } from "./support/open-store.ts";

suite("carnet client create", () => {
  test("shows every field by its name and the secret once", async () => {
    await using folder = await temporaryFolder();
    const args = ["--client-id", "nightly-export", "--name", "Nightly export", "--scope", "file:read file:write"];
    const { code, stdout, stderr } = await runCarnet(["client", "create", ...args], { cwd: folder.path });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    for (const fact of [
      /^client_id +nightly-export$/m,
      /^client_name +Nightly export$/m,
      /^status +active$/m,
      /^scope +file:read file:write$/m,
      /^scope_policy +narrow$/m,
      /^access_token_ttl +\(as the server is set\)$/m,
      /^expires_at +never$/m,
      /^ip_allowlist +\(from anywhere\)$/m,
      /^Its secret, shown this once and kept nowhere:\n\n {2}carnet_[a-z0-9]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\n$/m,
    ]) {
      assert.match(stdout, fact);
    }
  });

  test("says where it made a store, and nothing of one that was there", async () => {
    await using folder = await temporaryFolder();
    const first = await runCarnet(["client", "create"], { cwd: folder.path });
    assert.match(first.stdout, /^There was no store, so one was made at \/.*\/\.carnet\/carnet\.db\. .*--store\.\n/);
    const second = await runCarnet(["client", "create"], { cwd: folder.path });
    assert.doesNotMatch(second.stdout, /There was no store/);
  });

  test("takes every field of a client by its flag", async () => {
    await using folder = await temporaryFolder();
    const args = ["--client-id", "full", "--name", "全部 ✓ Ünïcode", "--scope", "a", "--scope", "b c", "--disabled"];
    args.push("--scope-policy", "strict", "--auth-method", "client_secret_basic", "--token-ttl", "60");
    args.push("--expires-at", "2999-01-31T12:00:00+02:00", "--workspace", "W1");
    args.push("--allow-ip", "203.0.113.0/24, 2001:DB8::/32", "--allow-ip", "198.51.100.7");
    const { code, stdout, stderr } = await runCarnet(["client", "create", "--json", ...args], { cwd: folder.path });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const { client_secret, created_at, secrets, ...settings } = JSON.parse(stdout);
    assert.deepEqual(settings, {
      client_id: "full",
      client_name: "全部 ✓ Ünïcode",
      status: "disabled",
      scope: "a b c",
      scope_policy: "strict",
      token_endpoint_auth_method: "client_secret_basic",
      access_token_ttl: 60,
      expires_at: "2999-01-31T10:00:00.000Z",
      ip_allowlist: ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"],
      workspace: "W1",
    });
    const [secret] = secrets;
    assert.equal(secrets.length, 1);
    assert.deepEqual(secret, { secret_id: secret.secret_id, kind: "generated", created_at, expires_at: null });
    assert.ok(client_secret.startsWith(`carnet_${secret.secret_id}_`));
  });

  test("names the flag of each wrong field, all at once, and registers nothing", async () => {
    await using folder = await temporaryFolder();
    const wrong = {
      "--client-id": "with:colon",
      "--name": "tab\there",
      "--scope": 'quo"te',
      "--scope-policy": "loose",
      "--auth-method": "none",
      "--token-ttl": "1e3",
      "--expires-at": "2999-02-30",
      "--allow-ip": "10.0.0.0/33",
      "--workspace": "",
    };
    const { code, stdout, stderr } = await runCarnet(
      ["client", "create", ...Object.entries(wrong).flat(), "--human-secret"],
      { cwd: folder.path },
    );
    const [first, ...problems] = stderr.trimEnd().split("\n");
    assert.equal(first, "carnet: The client was not registered:");
    assert.deepEqual(
      problems.map((problem) => problem.trim().split(": ")[0]).sort(),
      [...Object.keys(wrong), "--secret-stdin"].sort(),
    );
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    const registry = await openStore(folder.path);
    assert.deepEqual(await registry.store.list({ after: null, limit: 9 }), []);
    await registry.close();
  });

  test("takes a lifetime in plain digits only", async () => {
    await using folder = await temporaryFolder();
    const run = async (text: string): Promise<void> => {
      const { code, stderr } = await runCarnet(["client", "create", `--token-ttl=${text}`], { cwd: folder.path });
      assert.equal(code, 1, text);
      assert.match(stderr, /^ {2}--token-ttl: must be a whole number of seconds from 1 to 86400\n$/m, text);
    };
    await Promise.all(["", "86401", "0x10", "٣"].map(run));
  });

  test("refuses an id that is taken and leaves its owner as it was", async () => {
    await using folder = await temporaryFolder();
    const args = ["client", "create", "--json", "--client-id", "taken"];
    const first = await runCarnet([...args, "--name", "first"], { cwd: folder.path });
    const second = await runCarnet([...args, "--name", "second"], { cwd: folder.path });
    assert.deepEqual(second, {
      code: 1,
      signal: null,
      stdout: "",
      stderr: "carnet: The client was not registered:\n  --client-id: a client with this id is registered already\n",
    });
    const { client_secret, ...kept } = JSON.parse(first.stdout);
    const shown = await runCarnet(["client", "show", "taken", "--json"], { cwd: folder.path });
    assert.deepEqual(JSON.parse(shown.stdout), kept);
    assert.ok(client_secret);
  });

  test("brings existing ids and secrets along, long, short, human and in any script, and all of them get tokens", async () => {
    await using folder = await temporaryFolder();
    const store = ["--store", "sqlite:carnet.db"];
    const brought: readonly (readonly [id: string, secret: string, kind: string, flags: readonly string[]])[] = [
      ["long", "wk_secret:oa2c:0123456789abcdef", "imported", []],
      ["short", "hunter2", "human", []],
      ["said-human", "correct horse battery staple", "human", ["--human-secret"]],
      ["script", " сéкрет 秘密 with spaces ", "imported", []],
      ["windows", "0123456789012345678901", "imported", []],
    ];
    const bring = async ([id, secret, kind, flags]: (typeof brought)[number]): Promise<void> => {
      const input = id === "windows" ? `${secret}\r\n` : id === "long" ? `${secret}\nnot this line\n` : secret;
      const args = ["client", "create", "--json", "--client-id", id, "--secret-stdin", ...flags, ...store];
      const { code, stdout, stderr } = await runCarnet(args, { cwd: folder.path, input });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, id);
      assert.ok(!stdout.includes(secret) && !stdout.includes("client_secret"), id);
      assert.equal(JSON.parse(stdout).secrets[0].kind, kind, id);
    };
    await Promise.all(brought.map(bring));
    await using carnet = await serveCarnet({ folder: folder.path });
    for (const [id, secret] of brought) assert.equal((await requestToken(carnet.url, id, secret)).status, 200, id);
    assert.equal((await requestToken(carnet.url, "long", "wk_secret:oa2c:0123456789abcdee")).status, 401);
  });

  test("says that a secret was brought along and is not shown", async () => {
    await using folder = await temporaryFolder();
    const secret = "an existing secret of some length";
    const args = ["client", "create", "--client-id", "existing", "--secret-stdin"];
    const { code, stdout } = await runCarnet(args, { cwd: folder.path, input: secret });
    assert.equal(code, 0);
    assert.match(stdout, /\nThe secret that you brought along is kept as a hash only\.\n$/);
    assert.ok(!stdout.includes(secret));
  });

  test("refuses input that holds no secret, and makes no store for it", async () => {
    await using folder = await temporaryFolder();
    const refused: readonly (readonly [input: string | Uint8Array, said: RegExp])[] = [
      ["", /Standard input holds no secret: pipe the client's existing secret in as one line/],
      ["\n", /Standard input holds no secret/],
      ["\r\nsecond line", /Standard input holds no secret/],
      [Buffer.from("p\xe4ssword of some length", "latin1"), /is not UTF-8 text: convert it/],
    ];
    const run = async ([input, said]: (typeof refused)[number]): Promise<void> => {
      const { code, stdout, stderr } = await runCarnet(["client", "create", "--secret-stdin"], {
        cwd: folder.path,
        input,
      });
      assert.match(stderr, said);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    };
    await Promise.all(refused.map(run));
    assert.ok(!existsSync(folder.file(".carnet")));
  });

  test("refuses a secret with control characters or of more than 1024 characters, and does not repeat it", async () => {
    await using folder = await temporaryFolder();
    for (const secret of ["with\tcontrol characters", "x".repeat(1025)]) {
      const { code, stdout, stderr } = await runCarnet(["client", "create", "--secret-stdin"], {
        cwd: folder.path,
        input: secret,
      });
      assert.match(stderr, /^ {2}--secret-stdin: must /m);
      assert.ok(!stderr.includes(secret));
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    }
  });
});
