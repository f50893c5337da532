import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Finished, runCarnet } from "@carnet/testkit/carnet-process";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService } from "@carnet/testkit/service";
import { decodeJwt } from "jose";

suite("carnet token", () => {
  test("prints only the token, and with --json the whole response with its wire names", async () => {
    await using service = await startTestService();
    const { clientId, clientSecret } = await service.register({ scope: "a b c" });
    const env = { CARNET_SERVER_URL: service.url, CARNET_CLIENT_ID: clientId, CARNET_CLIENT_SECRET: clientSecret };
    const plain = await runCarnet(["token"], { env });
    assert.deepEqual({ code: plain.code, stderr: plain.stderr }, { code: 0, stderr: "" });
    assert.match(plain.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    assert.equal(decodeJwt(plain.stdout.trim())["scope"], "a b c");

    const json = await runCarnet(["token", "--json", "--scope", "c", "--scope", "a"], { env });
    const { access_token, ...rest } = JSON.parse(json.stdout);
    assert.deepEqual(rest, { expires_in: 600, scope: "a c", token_type: "Bearer" });
    assert.equal(decodeJwt(access_token)["scope"], "a c");
  });

  test("prefers flags to the environment, and reads the secret from standard input with --secret-stdin", async () => {
    await using service = await startTestService();
    const { clientId, clientSecret } = await service.register({ scope: "a", client_secret: "сéкрет of some length" });
    const env = { CARNET_REGION: "eu", CARNET_CLIENT_ID: "other", CARNET_CLIENT_SECRET: "other" };
    const args = ["token", "--secret-stdin", "--client-id", clientId, "--server-url", service.url];
    const { code, stderr, stdout } = await runCarnet(args, { env, input: `${clientSecret}\n` });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.equal(decodeJwt(stdout.trim())["client_id"], clientId);
  });

  test("prints why it was refused, and nothing else", async () => {
    await using service = await startTestService();
    const { clientId, clientSecret } = await service.register({ scope: "a" });
    const env = { CARNET_SERVER_URL: service.url, CARNET_CLIENT_ID: clientId, CARNET_CLIENT_SECRET: clientSecret };

    const scope = await runCarnet(["token", "--scope", "z"], { env });
    assertFailed(scope, /^carnet: .*invalid_scope.* \(request [0-9a-f-]{36}\)\n$/s);

    const wrong = `${clientSecret.slice(0, 30)}${clientSecret[30] === "x" ? "y" : "x"}${clientSecret.slice(31)}`;
    const mistyped = await runCarnet(["token"], { env: { ...env, CARNET_CLIENT_SECRET: wrong } });
    assertFailed(
      mistyped,
      /^carnet: .*invalid_client.*\nThe secret is mistyped or cut off, because its checksum does not match\. Copy the whole secret again\.\nThe operator of a Carnet service finds the reason with `carnet explain [0-9a-f-]{36}`\.\n$/,
    );
    assert.ok(!mistyped.stderr.includes(wrong));

    const other = await runCarnet(["token"], { env: { ...env, CARNET_CLIENT_SECRET: "another secret, not mistyped" } });
    assertFailed(
      other,
      /^carnet: [^\n]*invalid_client[^\n]*\nThe operator of a Carnet service finds the reason with `carnet explain [0-9a-f-]{36}`\.\n$/,
    );
    assert.doesNotMatch(other.stderr, /mistyped|another secret/);
  });

  test("says that commas do not separate scopes", async () => {
    await using service = await startTestService();
    const { clientId, clientSecret } = await service.register({ scope: "a b" });
    const env = { CARNET_SERVER_URL: service.url, CARNET_CLIENT_ID: clientId, CARNET_CLIENT_SECRET: clientSecret };
    assertFailed(
      await runCarnet(["token", "--scope", "a,b"], { env }),
      /invalid_scope.*\nScopes are separated by spaces, not commas\.\n$/s,
    );
  });

  test("says in one line what expires soon, with --json as JSON", async () => {
    await using service = await startTestService({ clock: new FixedClock("2026-03-01T00:00:00Z") });
    const client = { client_id: "My first", scope: "a", expires_at: "2026-03-02T00:00:00Z" };
    const { clientId, clientSecret } = await service.register(client);
    const env = { CARNET_SERVER_URL: service.url, CARNET_CLIENT_ID: clientId, CARNET_CLIENT_SECRET: clientSecret };
    const message =
      "The client My first expires at 2026-03-02T00:00:00.000Z, within 1 day. Extend it with `carnet client change 'My first' --expires-at TIME`.";
    const plain = await runCarnet(["token"], { env });
    assert.deepEqual([plain.code, plain.stderr], [0, `carnet: ${message}\n`]);
    const json = await runCarnet(["token", "--json"], { env });
    assert.deepEqual([json.code, json.stderr], [0, `${JSON.stringify({ notice: { message } })}\n`]);
  });

  test("says what is missing and how to give it", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const missing: readonly (readonly [env: Record<string, string>, said: RegExp])[] = [
      [
        {},
        /^carnet: The service's address is missing\. Give --server-url .* or set CARNET_SERVER_URL or CARNET_REGION\.\n$/,
      ],
      [{ CARNET_REGION: "mars" }, /^carnet: The region is unknown\. Use one of us, eu, apac\.\n$/],
      [{ CARNET_SERVER_URL: url }, /^carnet: The client id is missing\. Give --client-id or set CARNET_CLIENT_ID\.\n$/],
      [
        { CARNET_SERVER_URL: url, CARNET_CLIENT_ID: "a" },
        /^carnet: The client secret is missing\. Set CARNET_CLIENT_SECRET, or pipe it in with --secret-stdin\.\n$/,
      ],
      [
        { CARNET_SERVER_URL: "127.0.0.1", CARNET_CLIENT_ID: "a", CARNET_CLIENT_SECRET: "x" },
        /^carnet: CARNET_SERVER_URL must be a URL that starts with http:\/\/ or https:\/\/, such as .*\.\n$/,
      ],
    ];
    const run = async ([env, said]: (typeof missing)[number]) =>
      assertFailed(await runCarnet(["token"], { env }), said);
    await Promise.all(missing.map(run));
  });

  test("says which address cannot be reached, and what to check", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = { CARNET_SERVER_URL: url, CARNET_CLIENT_ID: "a", CARNET_CLIENT_SECRET: "planted secret" };
    const refused = await runCarnet(["token"], { env });
    assertFailed(
      refused,
      /carnet: Cannot connect to \S+ \(ECONNREFUSED\)\.\nIs the service running\? Start it with `carnet dev` or `carnet serve`, or give another/,
    );
    assert.ok(refused.stderr.includes(url) && !refused.stderr.includes("planted"));
  });
});

function assertFailed({ code, stdout, stderr }: Finished, said: RegExp): void {
  assert.match(stderr, said);
  assert.doesNotMatch(stderr, /\n {4}at /);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
}
