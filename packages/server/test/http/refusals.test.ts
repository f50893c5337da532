import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { type RawAnswer, sendRaw } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";

const secret = "planted-secret-0123456789";
const form = "application/x-www-form-urlencoded";

const ask = (service: TestService, clientId: string, clientSecret: string, path = "/oauth2/token", headers = {}) =>
  sendRaw(service.url, {
    method: "POST",
    path,
    headers: { "Content-Type": form, ...headers },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }).toString(),
  });

suite("A refused client", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  let service: TestService;
  before(async () => {
    service = await startTestService({ clock });
    const given = { client_secret: secret, scope: "file:read" };
    await service.register({ ...given, client_id: "app" });
    await service.register({ ...given, client_id: "disabled", status: "disabled" });
    await service.register({ ...given, client_id: "expired", expires_at: "2026-11-22" });
    await service.register({ ...given, client_id: "elsewhere", ip_allowlist: ["203.0.113.0/24"] });
    clock.set("2026-12-01T00:00:00Z");
  });
  after(() => service[Symbol.asyncDispose]());

  for (const path of ["/oauth2/token", "/iam/v1/oauth2/token"]) {
    test(`gets the same bytes on ${path} for every reason, except for the request id and the date`, async () => {
      const answers: string[] = [];
      for (const [clientId, clientSecret] of [
        ["nobody", "x"],
        ["app", "x"],
        ["disabled", secret],
        ["disabled", "x"],
        ["expired", secret],
        ["elsewhere", secret],
        ["app", ""],
        ["", secret],
        [secret, "app"],
      ] as const) {
        const answer = await ask(service, clientId, clientSecret, path);
        assert.equal(answer.status, 401);
        answers.push(comparable(answer));
      }
      assert.equal(new Set(answers).size, 1);
    });
  }

  test("is recorded under the request id, with the real reason", async () => {
    for (const [clientId, reason] of [
      ["nobody", "unknown_credentials"],
      ["disabled", "client_disabled"],
      ["expired", "client_expired"],
      ["elsewhere", "address_not_allowed"],
    ] as const) {
      const { headers } = await ask(service, clientId, secret);
      const record = service.journal().find(({ request_id }) => request_id === headers["x-request-id"]);
      assert.equal(record?.["reason"], reason);
    }
  });
});

const comparable = ({ headers, body }: RawAnswer): string => {
  const { "x-request-id": _id, date: _date, ...same } = headers;
  return JSON.stringify([same, body]);
};

suite("The sunset", () => {
  test("is set by the operator: tokens until the moment before, 410 from then on [RFC8594 §3]", async () => {
    const clock = new FixedClock("2027-03-01T11:59:59.999Z");
    await using service = await startTestService({ clock, settings: { sunsetAt: "2027-03-01T13:00:00+01:00" } });
    await service.register({ client_id: "app", client_secret: secret });
    const path = "/iam/v1/oauth2/token";
    assert.equal((await ask(service, "app", secret, path)).status, 200);
    clock.advance(1);
    const { status, headers, body } = await ask(service, "app", secret, path);
    assert.equal(status, 410);
    assert.equal(headers["sunset"], "Mon, 01 Mar 2027 12:00:00 GMT");
    assert.equal(headers["deprecation"], "@1770854400");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(JSON.parse(body).error, "invalid_request");
    assert.match(JSON.parse(body).error_description, /\/oauth2\/token/);
    assert.equal((await ask(service, "app", secret)).status, 200);
  });
});

suite("X-Forwarded-For", () => {
  for (const [trustedProxies, forwarded, status] of [
    [undefined, "203.0.113.9", 401],
    ["10.0.0.0/8", "203.0.113.9", 401],
    ["127.0.0.0/8", "203.0.113.9", 200],
    ["127.0.0.0/8", "203.0.113.9, 127.0.0.2", 200],
    ["127.0.0.0/8", "203.0.113.9, 198.51.100.1", 401],
    ["127.0.0.0/8", "198.51.100.1, 203.0.113.9", 200],
    ["127.0.0.0/8", "nonsense", 401],
    ["127.0.0.0/8, 10.0.0.0/8", "203.0.113.9, 10.1.1.1", 200],
  ] as const) {
    test(`of ${forwarded} gets ${status} when ${trustedProxies ?? "no proxy"} is trusted`, async () => {
      const settings = trustedProxies === undefined ? {} : { trustedProxies };
      await using service = await startTestService({ settings });
      await service.register({ client_id: "app", client_secret: secret, ip_allowlist: ["203.0.113.0/24"] });
      const answer = await ask(service, "app", secret, "/oauth2/token", { "X-Forwarded-For": forwarded });
      assert.equal(answer.status, status);
    });
  }

  test("and similar headers never reach a token: issuer and audience come from the configuration", async () => {
    await using service = await startTestService({
      settings: { issuer: "https://iam.example.test", audience: "urn:api", trustedProxies: "127.0.0.1" },
    });
    await service.register({ client_id: "app", client_secret: secret });
    const evil = { Host: "evil.example.test", "X-Forwarded-Host": "evil.example.test", "X-Forwarded-Proto": "gopher" };
    const { body } = await ask(service, "app", secret, "/iam/v1/oauth2/token", evil);
    const claims = JSON.parse(Buffer.from(JSON.parse(body).access_token.split(".")[1], "base64url").toString());
    assert.equal(claims.iss, "https://iam.example.test");
    assert.equal(claims.aud, "urn:api");
  });
});
