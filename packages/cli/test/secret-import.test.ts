import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, suite, test } from "node:test";
import type { ClientList, CreatedClient } from "@carnet/protocol/admin/clients";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { ProgressBar } from "carnet/progress-bar";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

let at: AdminService;
before(async () => {
  at = await startAdminService();
});
after(() => at[Symbol.asyncDispose]());

const secretOf = (id: string): string => `the existing secret of ${id}`;
const line = (id: string, more: object = {}): string =>
  `${JSON.stringify({ client_id: id, secret: { value: secretOf(id) }, ...more })}\n`;

async function write(name: string, lines: readonly string[]): Promise<string> {
  const path = join(at.service.folder, name);
  await writeFile(path, lines.join(""));
  return path;
}

const idsOf = async (search: string): Promise<readonly string[]> =>
  ((await at.json(["client", "list", "--limit", "1000", "--search", search])) as ClientList).clients.map(
    ({ client_id }) => client_id,
  );

suite("carnet secret import", () => {
  test("imports existing clients with their ids, secrets and settings, and they get tokens", async () => {
    const file = await write("good.jsonl", [
      line("good-1", { scope: "file:read", client_name: "One" }),
      "\n",
      line("good-2", { scope: "file:read" }),
      line("good-3", { scope: "file:read", access_token_ttl: 60 }).trimEnd(), // The last line may lack a newline.
    ]);
    assert.deepEqual(await at.carnet(["secret", "import", "--file", file]), {
      code: 0,
      signal: null,
      stdout: "3 imported, 0 unchanged, 0 failed.\n",
      stderr: "",
    });
    for (const id of ["good-1", "good-2", "good-3"])
      assert.equal((await requestToken(at.service.url, id, secretOf(id))).status, 200, id);
  });

  test("reads standard input, and more lines than fit in one request", async () => {
    const input = Array.from({ length: 1234 }, (_, n) => line(`many-${n}`, { client_name: "n".repeat(200) })).join("");
    const imported = await at.json(["secret", "import", "--file", "-"], { input });
    assert.deepEqual(imported, { dry_run: false, imported: 1234, unchanged: 0, failed: [] });
    assert.equal((await requestToken(at.service.url, "many-1233", secretOf("many-1233"))).status, 200);
  });

  test("reports each failed line by number without quoting it, imports the others and exits 1", async () => {
    await at.service.register({ client_id: "bad-taken" });
    const planted = "planted-in-a-bad-line";
    const lines = [
      line("bad-1"),
      `${planted}\n`,
      line("bad-taken"),
      `{"client_id": "bad-2", "secret": {"value": "${planted}"}, "client_secret": "${planted}", "scope": ["${planted}"]}\n`,
      "\n",
      line("bad-3", { scope: 'quo"te', expires_at: "2000-01-01" }),
      line("bad-1"),
      `{"client_id": "bad-4"}\n`,
      `"${planted}"\n`,
      line("bad-5"),
      `{"client_id": "bad-6", "claims": {"a": {"b": "${planted}", "b": 1}}, "secret": {"value": "${planted}"}}\n`,
    ];
    const file = await write("bad.jsonl", lines);
    const expected = [
      [2, null, /^is not a JSON object$/],
      [3, "bad-taken", /^a client with this client_id is already registered, with other settings or another secret$/],
      [4, null, /^(?=.*client_secret is not recognised)(?=.*scope must be string(?:;|$))/],
      [6, "bad-3", /^scope .*; expires_at must be in the future$/],
      [7, "bad-1", /^this client_id appears twice in the batch$/],
      [8, "bad-4", /client_id and secret\.value are required/],
      [9, null, /^must be object$/],
      [11, null, /^claims: a\.b appears twice$/],
    ] as const;
    const { code, stdout, stderr } = await at.carnet(["secret", "import", "-f", file, "--json", "--dry-run"]);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      '{"notice":{"message":"2 new clients have no scopes, so their tokens allow nothing. Add scopes with `carnet client change CLIENT_ID --scope file:read`."}}\n',
    );
    const { failed, ...counts } = JSON.parse(stdout);
    assert.deepEqual(counts, { dry_run: true, imported: 2, unchanged: 0 });
    for (const [index, [number, id, problem]] of expected.entries()) {
      assert.deepEqual([failed[index].line, failed[index].client_id], [number, id]);
      assert.match(failed[index].problem, problem);
    }
    assert.equal(failed.length, expected.length);

    const real = await at.carnet(["secret", "import", "-f", file]);
    assert.deepEqual(
      { code: real.code, stdout: real.stdout },
      { code: 1, stdout: "2 imported, 0 unchanged, 8 failed.\n" },
    );
    assert.deepEqual(
      real.stderr
        .trimEnd()
        .split("\n")
        .filter((text) => text !== "" && !text.startsWith("carnet: 2 new clients have no scopes"))
        .map((text) => /^line \d+(?: \([^)]+\))?(?=: )/.exec(text)?.[0]),
      expected.map(([number, id]) => `line ${number}${id === null ? "" : ` (${id})`}`),
    );
    assert.ok(!(stdout + real.stdout + real.stderr).includes(planted));
    assert.deepEqual(await idsOf("bad-"), ["bad-1", "bad-5", "bad-taken"]);
  });

  test("a dry run reports the result and stores nothing", async () => {
    const file = await write("dry.jsonl", [line("dry-1"), line("dry-2")]);
    const { code, stdout } = await at.carnet(["secret", "import", "-f", file, "--dry-run"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "2 would be imported, 0 unchanged, 0 failed.\n" });
    assert.deepEqual(await idsOf("dry-"), []);
  });

  test("a second run of the same file changes nothing, says so and exits 0", async () => {
    const ends = { value: secretOf("twice-2"), expires_at: "2999-01-01", label: "old" };
    const file = await write("twice.jsonl", [
      line("twice-1", { scope: "file:read", labels: { a: "1", b: "2" }, ip_allowlist: ["127.0.0.1"] }),
      line("twice-2", { scope: "file:read", secret: ends }),
    ]);
    assert.equal((await at.carnet(["secret", "import", "-f", file])).code, 0);
    const before = await at.json(["client", "show", "twice-1"]);
    for (const more of [[], ["--dry-run"]]) {
      const { code, stdout, stderr } = await at.carnet(["secret", "import", "-f", file, ...more]);
      const would = more.length === 0 ? "" : "would be ";
      assert.deepEqual(
        { code, stdout, stderr },
        { code: 0, stdout: `0 ${would}imported, 2 unchanged, 0 failed.\n`, stderr: "" },
      );
    }
    const counts = { dry_run: false, imported: 0, unchanged: 2, failed: [] };
    assert.deepEqual(await at.json(["secret", "import", "-f", file]), counts);
    assert.deepEqual(await at.json(["client", "show", "twice-1"]), before);
    assert.equal((await requestToken(at.service.url, "twice-1", secretOf("twice-1"))).status, 200);
  });

  test("a registered client with other settings or another or revoked secret fails and stays as it is", async () => {
    const other = await write("other.jsonl", [line("other-1", { scope: "file:read" })]);
    assert.equal((await at.carnet(["secret", "import", "-f", other])).code, 0);
    const again = [
      line("other-1", { scope: "file:write" }),
      line("other-1", { scope: "file:read", workspace: "W" }),
      line("other-1", { scope: "file:read", secret: { value: secretOf("another") } }),
      line("other-1", { scope: "file:read", secret: { value: secretOf("other-1"), expires_at: "2999-01-01" } }),
    ];
    const before = await at.json(["client", "show", "other-1"]);
    const refused = async (lines: readonly string[]): Promise<void> => {
      const { code, stderr } = await at.carnet(["secret", "import", "-f", await write("again.jsonl", lines)]);
      assert.equal(code, 1);
      assert.match(stderr, /^line 1 \(other-1\): a client .* is already registered, with other settings or another/);
    };
    for (const one of again) await refused([one]);
    assert.deepEqual(await at.json(["client", "show", "other-1"]), before);
    const { secrets } = (await at.json(["client", "show", "other-1"])) as CreatedClient;
    await at.carnet(["secret", "revoke", "other-1", secrets[0]?.secret_id ?? "", "--yes"]);
    await refused([line("other-1", { scope: "file:read" })]);
  });

  test("gives a next step for an unreadable file, and the line where it stopped if the service is gone", async () => {
    assertRefused(
      await at.carnet(["secret", "import", "-f", "nowhere.jsonl"]),
      /^carnet: The file nowhere\.jsonl cannot be read \(ENOENT\)\. Give the path of a JSON Lines file, or - for/,
    );
    const own = await startAdminService();
    await own[Symbol.asyncDispose]();
    const file = await write("gone.jsonl", [line("gone-1")]);
    const args = ["secret", "import", "-f", file, "--server-url", own.service.url];
    const gone = await at.carnet(args);
    assertRefused(
      gone,
      /ECONNREFUSED.*\nThe import stopped at line 1 after 0 clients\. Fix the problem and run it again/s,
    );
    assert.ok(!gone.stderr.includes(secretOf("gone-1")));
  });
});

suite("a progress bar", () => {
  const stream = (isTTY: boolean) => {
    let text = "";
    const target = new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    });
    return { target: Object.assign(target, { isTTY }), said: () => text };
  };

  test("shows progress on a terminal and is erased at the end", () => {
    const { target, said } = stream(true);
    const bar = new ProgressBar("imported", 200, target);
    bar.advance(50);
    bar.advance(150);
    bar.finish();
    assert.match(said(), /\[#{8} {22}\] 25 % 50 of 200 imported.*\[#{30}\] 100 % 200 of 200 imported/s);
    assert.ok(said().endsWith("\r\u001b[2K"));
  });

  test("shows a count if the total is unknown", () => {
    const { target, said } = stream(true);
    new ProgressBar("imported", undefined, target).advance(500);
    assert.ok(said().endsWith("\u001b[2K500 imported"));
  });

  test("moves to a position, with a note after it", () => {
    const { target, said } = stream(true);
    new ProgressBar("bytes", 200, target).moveTo(50, ", 1000 records per second");
    assert.match(said(), /\[#{8} {22}\] 25 % 50 of 200 bytes, 1000 records per second$/);
  });

  test("writes nothing without a terminal", () => {
    const { target, said } = stream(false);
    const bar = new ProgressBar("imported", 2, target);
    bar.advance(1);
    bar.finish();
    assert.equal(said(), "");
  });
});
