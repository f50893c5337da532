import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { wantsJson } from "carnet/failure";
import { type AdminService, startAdminService } from "./support/admin-service.ts";

suite("with --json", () => {
  let at: AdminService;
  before(async () => {
    at = await startAdminService();
    await at.service.register({ client_id: "demo" });
  });
  after(() => at[Symbol.asyncDispose]());

  /** The objects on standard error, one a line. */
  async function objects(args: readonly string[], env: Record<string, string> = {}) {
    const { code, stdout, stderr } = await at.carnet(args, { env });
    assert.ok(stderr.endsWith("\n"), stderr);
    const lines = stderr.trimEnd().split("\n");
    return { code, stdout, said: lines.map((line) => JSON.parse(line)) };
  }

  test("a refusal is one JSON object with code, message, hint and request id, and exits 1", async () => {
    const { code, stdout, said } = await objects(["client", "show", "demmo", "--json"]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    const [{ error }] = said;
    assert.match(error.request_id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(said, [
      {
        error: {
          code: "not_found",
          message: `Refused: no client with this id is registered (request ${error.request_id}).`,
          hint: "Did you mean demo? List the clients with `carnet client list`.",
          request_id: error.request_id,
        },
      },
    ]);
  });

  const usage: readonly (readonly [args: readonly string[], message: string, hint: string])[] = [
    [["client", "list", "--limti", "1", "--json"], "unknown option '--limti'", "Did you mean --limit?"],
    [["client", "lst", "--json"], "unknown command 'lst'", "Did you mean list?"],
    [["lcient", "--json"], "unknown command 'lcient'", "Did you mean client?"],
    [["client", "show", "--json"], "missing required argument 'client-id'", ""],
    [
      ["client", "create", "--scope-policy", "lose", "--json"],
      "option '--scope-policy <policy>' has an invalid value. Allowed choices are narrow, strict, ignore.",
      "",
    ],
    [["client", "change", "demo", "--json"], "nothing to change. Name a setting, such as --scope", ""],
    [["client", "create", "--secrt=planted", "--json"], "unknown option '--secrt'", ""],
  ];
  for (const [args, message, hint] of usage) {
    test(`a usage error is one JSON object and exits 2: carnet ${args.join(" ")}`, async () => {
      const { code, stdout, said } = await objects(args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
      const next = `${hint} Run the command with --help to see its options.`.trim();
      assert.deepEqual(said, [{ error: { code: "usage", message, hint: next } }]);
    });
  }

  test("failures of every other kind have a code", async () => {
    const cases: readonly (readonly [code: string, args: readonly string[], env?: Record<string, string>])[] = [
      ["taken", ["client", "create", "--client-id", "demo", "--json"]],
      ["invalid", ["client", "create", "--scope", 'quo"te', "--json"]],
      ["failed", ["apply", "-f", "nowhere.yaml", "--json"]],
      ["failed", ["client", "disable", "demo", "--json"]], // there is no terminal to ask on
      [
        "invalid_client",
        ["client", "list", "--json"],
        { CARNET_ADMIN_CLIENT_ID: "x", CARNET_ADMIN_CLIENT_SECRET: "y" },
      ],
      ["failed", ["token", "--json"]],
    ];
    for (const [name, args, env = {}] of cases) {
      const { code, said } = await objects(args, { CARNET_SERVER_URL: at.service.url, ...env });
      assert.equal(code, 1, args.join(" "));
      assert.deepEqual([said.length, said[0].error.code], [1, name], args.join(" "));
    }
  });

  test("notices are JSON lines too, before the error", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, said } = await objects(["client", "list", "--json", "--server-url", url]);
    assert.equal(code, 1);
    const error = said.pop();
    assert.equal(error.error.code, "no_answer");
    assert.match(error.error.hint, /^Is the service running\?/);
    assert.deepEqual(
      said.map(({ notice }) => /ECONNREFUSED.* Trying again in \d+s, \d of 6\.$/.test(notice.message)),
      [true, true, true, true, true],
    );
  });

  test("is only read as a flag before --", () => {
    assert.equal(wantsJson(["token", "--json"]), true);
    assert.equal(wantsJson(["client", "show", "--", "--json"]), false);
  });
});
