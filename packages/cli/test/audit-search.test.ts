import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import type { RecordedEvent } from "@carnet/protocol/admin/audit-events";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}/;

suite("carnet audit search and tail", () => {
  let at: AdminService;
  before(async () => {
    at = await startAdminService();
    const created = await at.json(["client", "create", "--client-id", "demo", "--scope", "file:read"]);
    await at.json(["client", "change", "demo", "--scope", "file:read file:write"]);
    const { client_secret } = Object(created);
    assert.equal((await requestToken(at.service.url, "demo", client_secret)).status, 200);
    assert.equal((await requestToken(at.service.url, "demo", "wrong-secret-0123456789")).status, 401);
  });
  after(() => at[Symbol.asyncDispose]());

  const lines = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await at.carnet(["audit", ...args]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    return stdout.trimEnd().split("\n");
  };
  const events = async (...args: readonly string[]): Promise<readonly RecordedEvent[]> =>
    (await lines(...args, "--json")).map((line) => JSON.parse(line));

  test("tell the story of a client in chronological order, a line for each event", async () => {
    const [created, changed, issued, ...others] = await lines("search", "--client", "demo");
    assert.match(created ?? "", time);
    assert.match(
      created ?? "",
      / {2}carnet-admin {2}created client demo: .*scope "file:read".*; created secret \w{16} \(/,
    );
    assert.match(
      changed ?? "",
      / {2}carnet-admin {2}changed client demo: scope "file:read" -> "file:read file:write" \(/,
    );
    assert.match(issued ?? "", / {2}demo {2}got a token for file:read file:write \(secret \w{16}, 127\.0\.0\.1\)$/);
    // Nobody proved to be demo, but a client has this id, so the refusal in the store names it
    assert.ok(
      others.every((line) => / {2}was refused a token: /.test(line)),
      others.join("\n"),
    );
  });

  test("with --json print JSON Lines, in which each changed field has its value before and after", async () => {
    const [change, ...others] = await events("search", "--client", "demo", "--kind", "client_changed");
    assert.deepEqual(others, []);
    assert.ok(change?.event === "client_changed");
    assert.deepEqual(change.objects[0]?.changes["scope"], { before: "file:read", after: "file:read file:write" });
  });

  test("filter by actor, kind, time and request id", async () => {
    for (const { actor } of await events("search", "--actor", "carnet-admin"))
      assert.ok(actor.type === "client" && actor.client_id === "carnet-admin");
    const kinds = await events("search", "--kind", "token_issued", "--kind", "client_created", "--since", "1h");
    assert.deepEqual([...new Set(kinds.map(({ event }) => event))].toSorted(), ["client_created", "token_issued"]);
    const [refused] = await events("search", "--kind", "token_refused");
    const same = await events("search", "--request-id", refused?.request_id ?? "");
    assert.deepEqual(
      same.map(({ id }) => id),
      [refused?.id], // a second after the refusal, the store's copy also names the client
    );
  });

  test("continue with older events under the cursor of the page before", async () => {
    const search = ["search", "--client", "demo", "--kind", "client_created", "--kind", "client_changed"];
    const newest = await at.carnet(["audit", ...search, "--limit", "1", "--json"]);
    const { notice } = JSON.parse(newest.stderr);
    const [, cursor = ""] =
      /^There are older events\. For the next page, add --cursor (\S+)$/.exec(notice.message) ?? [];
    const older = await events(...search, "--cursor", cursor);
    assert.deepEqual([...older, JSON.parse(newest.stdout)], await events(...search));
  });

  test("say how to widen a search without a match", async () => {
    const hints: readonly (readonly [readonly string[], RegExp])[] = [
      [["--client", "nobody"], /Check the id with `carnet client list`\. A deleted client keeps its events\./],
      [["--client", "demo", "--until", "2020-01-01"], /Give an earlier --since or a later --until\./],
      [["--actor", "nobody"], /With --client you also find events in which this client was changed\./],
      [["--request-id", "unknown"], /must be the whole X-Request-ID/],
      [["--kind", "events_lost"], /Leave --kind out/],
    ];
    for (const [args, hint] of hints) {
      const { code, stdout, stderr } = await at.carnet(["audit", "search", ...args]);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
      assert.match(stderr, /^carnet: No event matches\. /);
      assert.match(stderr, hint);
    }
  });

  test("say that tokens are elsewhere if the journal goes to standard output, and give no other hint", async () => {
    await using other = await startAdminService({ settings: { journal: "stdout" } });
    const { code, stderr } = await other.carnet(["audit", "search", "--kind", "token_issued"]);
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^carnet: No event in the store matches\.\ncarnet: The journal of .* goes to standard output, /,
    );
    assert.doesNotMatch(stderr, /Leave --kind out/);
  });

  test("suggest a kind and the forms of a time", async () => {
    const kind = await at.carnet(["audit", "search", "--kind", "client_change"]);
    assert.equal(kind.code, 2);
    assert.match(kind.stderr, /option '--kind <kind>' has an invalid value\. Did you mean client_changed\?/);
    const unlike = await at.carnet(["audit", "search", "--kind", "x"]);
    assert.match(unlike.stderr, /Allowed choices are token_issued, /);
    const since = await at.carnet(["audit", "search", "--since", "24"]);
    assert.equal(since.code, 2);
    assert.match(
      since.stderr,
      /It must be a time, a date or a duration ago, such as 2027-01-31T12:00:00Z, 2027-01-31 or 24h\./,
    );
  });

  test("tail prints as many of the newest events as asked for", async () => {
    const three = await events("tail", "-n", "3");
    assert.equal(three.length, 3);
    assert.deepEqual(
      three.map(({ time }) => time).toSorted(),
      three.map(({ time }) => time),
    );
    const { stdout } = await at.carnet(["audit", "tail", "-n", "0"]);
    assert.equal(stdout, "");
  });

  test("tell an admin client without the scope how to get one that has it", async () => {
    const { clientId, clientSecret } = await at.service.register({
      ...{ scope: "carnet:clients:read", role: "auditor" },
    });
    const env = {
      ...{ CARNET_SERVER_URL: at.service.url, CARNET_ADMIN_CLIENT_ID: clientId },
      CARNET_ADMIN_CLIENT_SECRET: clientSecret,
    };
    for (const command of ["tail", "search", "export", "verify"]) {
      assertRefused(
        await at.carnet(["audit", command], { env }),
        /lacks the scope carnet:audit:read.*\n.*`carnet admin create ID --role auditor`\.\n$/,
      );
    }
  });
});

test("audit search names the files of the journal that cannot be read", async () => {
  await using at = await startAdminService();
  const name = "20261125-aaaaaaaaaaaa-1";
  using store = new DatabaseSync(join(at.service.folder, "carnet.db"));
  store.exec(`insert into journal_files values ('${name}', 'node-1', 1, '', null, null, 0, 0)`);
  await mkdir(join(at.service.folder, "journal", `${name}.jsonl`));
  const { code, stderr } = await at.carnet(["audit", "search"]);
  assert.equal(code, 0);
  assert.match(stderr, new RegExp(`Events may be missing.* ${name}\\. Run \`carnet audit verify\``));
});
