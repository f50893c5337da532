import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { ClientList, CreatedClient } from "@carnet/protocol/admin/clients";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

suite("carnet client create", () => {
  let at: AdminService;
  before(async () => {
    at = await startAdminService();
  });
  after(() => at[Symbol.asyncDispose]());
  const create = async (args: readonly string[], input?: string | Uint8Array): Promise<CreatedClient> =>
    (await at.json(["client", "create", ...args], input === undefined ? {} : { input })) as CreatedClient;

  test("shows every field with its name, and the secret once", async () => {
    const args = ["--client-id", "nightly-export", "--name", "Nightly export", "--scope", "file:read file:write"];
    const { code, stdout, stderr } = await at.carnet(["client", "create", ...args]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    for (const fact of [
      /^client_id +nightly-export$/m,
      /^client_name +Nightly export$/m,
      /^status +active$/m,
      /^scope +file:read file:write$/m,
      /^scope_policy +narrow$/m,
      /^access_token_ttl +\(server default\)$/m,
      /^expires_at +never$/m,
      /^ip_allowlist +\(any address\)$/m,
      /^Its secret, shown only once:\n\n {2}carnet_[a-z0-9]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\n$/m,
    ]) {
      assert.match(stdout, fact);
    }
  });

  test("sets every field with its flag, and the secret gets a token", async () => {
    const args = [
      "--client-id",
      "full",
      "--name",
      "全部 ✓ Ünïcode",
      "--scope",
      "a",
      "--scope",
      "b c",
      "--username",
      "u",
    ];
    args.push("--scope-policy", "strict", "--auth-method", "client_secret_post", "--token-ttl", "60");
    args.push(
      "--expires-at",
      "2999-01-31T12:00:00+02:00",
      "--workspace",
      "W1",
      "--audience",
      "https://api.example.com",
    );
    args.push("--allow-ip", "127.0.0.0/8, 2001:DB8::/32", "--allow-ip", "198.51.100.7");
    args.push("--label", "team=search", "--label", "env=a=b", "--claims", '{"plan":{"tier":"gold"}}');
    const { client_secret = "", created_at, updated_at, secrets, ...settings } = await create(args);
    assert.deepEqual(settings, {
      client_id: "full",
      client_name: "全部 ✓ Ünïcode",
      owner: "default",
      role: null,
      role_owners: null,
      username: "u",
      workspace: "W1",
      scope: "a b c",
      scope_policy: "strict",
      status: "active",
      expires_at: "2999-01-31T10:00:00.000Z",
      ip_allowlist: ["127.0.0.0/8", "2001:db8::/32", "198.51.100.7/32"],
      token_endpoint_auth_method: "client_secret_post",
      access_token_ttl: 60,
      audience: "https://api.example.com",
      labels: { team: "search", env: "a=b" },
      claims: { plan: { tier: "gold" } },
      warnings: [],
    });
    assert.equal(created_at, updated_at);
    assert.deepEqual(
      secrets.map(({ kind, state }) => [kind, state]),
      [["generated", "active"]],
    );
    assert.ok(client_secret.startsWith(`carnet_${secrets[0]?.secret_id}_`));
    const answer = await requestToken(at.service.url, "full", client_secret);
    assert.equal((await answer.json()).expires_in, 60);
  });

  test("registers a disabled client with --disabled", async () => {
    const { client_id, client_secret = "", status } = await create(["--disabled"]);
    assert.equal(status, "disabled");
    assert.equal((await requestToken(at.service.url, client_id, client_secret)).status, 401);
  });

  test("names the flags of all invalid fields at once, and registers nothing", async () => {
    const before = await idsOf(at);
    const wrong = {
      "--client-id": "with:colon",
      "--name": "tab\there",
      "--scope": 'quo"te',
      "--expires-at": "2000-01-01",
      "--workspace": "tab\there",
      "--audience": "with space",
      "--label": "UPPER=x",
    };
    const refused = await at.carnet(["client", "create", ...Object.entries(wrong).flat()]);
    assertRefused(refused, /^carnet: Refused, nothing was changed \(request [\w-]+\):\n/);
    const [, ...problems] = refused.stderr.trimEnd().split("\n");
    assert.deepEqual(problems.map((problem) => problem.trim().split(" ")[0]).sort(), Object.keys(wrong).sort());
    assert.deepEqual(await idsOf(at), before);
  });

  test("refuses an id that is taken, gives a next step, and leaves the existing client unchanged", async () => {
    const { client_secret: _, ...kept } = await create(["--client-id", "taken", "--name", "first"]);
    const second = await at.carnet(["client", "create", "--client-id", "taken", "--name", "second"]);
    assertRefused(
      second,
      /^carnet: Refused: a client with this client_id is already registered \(request [\w-]+\)\.\nChoose another id\. `carnet client show` shows [^\n]*\.\n$/,
    );
    assert.deepEqual(await at.json(["client", "show", "taken"]), kept);
  });

  test("quotes a name for the shell in the commands of its hints", async () => {
    const { stderr } = await at.carnet(["client", "create", "--client-id", "My first"]);
    assert.match(stderr, /^\ncarnet: A new client .*`carnet client change 'My first' --scope file:read`\.\n$/);
    assert.match((await at.carnet(["client", "show", "My first"])).stdout, /^scope +\(none\)$/m);
    assert.match((await at.carnet(["client", "list", "--search", "My first"])).stdout, /^My first .* \(none\) /m);
    const rotated = await at.carnet(["secret", "rotate", "My first"]);
    assert.match(rotated.stdout, /See `carnet secret list 'My first'`\.\n$/);
    const unknown = await at.carnet(["secret", "revoke", "My first", "x", "--yes"]);
    assertRefused(unknown, /\nList the secrets with `carnet secret list 'My first'`\.\n$/);
  });

  test("says how to write several scopes if they are separated by commas", async () => {
    await using closed = await startAdminService({ settings: { scopeCatalogue: "closed" } });
    assertRefused(
      await closed.carnet(["client", "create", "--scope", "file:read,file:write"]),
      /\nSeparate scopes by spaces, not commas\. List the scopes with `carnet scope list`\.\n$/,
    );
  });

  test("names scopes that are missing from a closed catalogue", async () => {
    await using closed = await startAdminService({ settings: { scopeCatalogue: "closed" } });
    const args = ["client", "create", "--scope", "file:read nope:read"];
    assertRefused(
      await closed.carnet(args),
      /\n {2}--scope has scopes that are not in the catalogue: nope:read; add them/,
    );
    await closed.carnet(["scope", "put", "nope:read", "Read nope"]);
    assert.equal((await closed.carnet(args)).code, 0);
  });

  test("refuses an existing secret that could be guessed, says why and what to do, and does not show it", async () => {
    const refused = await at.carnet(["client", "create", "--client-id", "short", "--secret-stdin"], {
      input: "hunter2\n",
    });
    assertRefused(
      refused,
      /--secret-stdin must have at least 20 characters, because a shorter one can be guessed: .*rotate it/,
    );
    assert.ok(!refused.stderr.includes("hunter2"));
  });

  test("imports existing ids and secrets in any script, and all of them get tokens", async () => {
    const existing: readonly (readonly [id: string, secret: string])[] = [
      ["long", "wk_secret:oa2c:0123456789abcdef"],
      ["script", " сéкрет 秘密 with spaces "],
      ["windows", "0123456789012345678901"],
    ];
    for (const [id, secret] of existing) {
      const input = id === "windows" ? `${secret}\r\n` : id === "long" ? `${secret}\nnot this line\n` : secret;
      const made = await create(["--client-id", id, "--secret-stdin"], input);
      assert.ok(!JSON.stringify(made).includes(secret) && !("client_secret" in made), id);
      assert.equal(made.secrets[0]?.kind, "imported", id);
      assert.equal((await requestToken(at.service.url, id, secret)).status, 200, id);
    }
    assert.equal((await requestToken(at.service.url, "long", "wk_secret:oa2c:0123456789abcdee")).status, 401);
  });

  test("says that an imported secret is stored as a hash and does not show it", async () => {
    const secret = "an existing secret of some length";
    const { code, stdout } = await at.carnet(["client", "create", "--secret-stdin"], { input: secret });
    assert.equal(code, 0);
    assert.match(stdout, /\nThe secret that you gave is stored only as a keyed digest\.\n$/);
    assert.ok(!stdout.includes(secret));
  });

  test("refuses input without a secret", async () => {
    const refused: readonly (readonly [input: string | Uint8Array, said: RegExp])[] = [
      ["", /Standard input has no secret\. Pipe the client's existing secret in as one line/],
      ["\n", /Standard input has no secret/],
      ["\r\nsecond line", /Standard input has no secret/],
      [Buffer.from("p\xe4ssword of some length", "latin1"), /is not UTF-8 text\. Convert it/],
    ];
    const run = async ([input, said]: (typeof refused)[number]): Promise<void> =>
      assertRefused(await at.carnet(["client", "create", "--secret-stdin"], { input }), said);
    await Promise.all(refused.map(run));
  });

  test("refuses a secret with control characters or over 1024 characters, and does not print it", async () => {
    for (const secret of ["with\tcontrol characters", "x".repeat(1025)]) {
      const refused = await at.carnet(["client", "create", "--secret-stdin"], { input: secret });
      assertRefused(refused, /^ {2}--secret-stdin (must be text|must have at most 1024) /m);
      assert.ok(!refused.stderr.includes(secret));
    }
  });
});

async function idsOf(at: AdminService): Promise<readonly string[]> {
  const { clients } = (await at.json(["client", "list"])) as ClientList;
  return clients.map(({ client_id }) => client_id);
}
