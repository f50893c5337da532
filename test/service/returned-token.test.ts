import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { sendBytes } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { decodeJwt, SignJWT } from "jose";
import { AdminApi, tokenOf } from "../support/admin-api.ts";
import { alterations } from "../support/altered-tokens.ts";
import { publishedKey } from "../support/published-key.ts";
import { type Changes, type Credentials, emptyPost, formPost, paths } from "./support/sdk-requests.ts";

describe("an empty POST with a token of ours", () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: AdminApi;
  before(async () => {
    service = cleanup.use(await startTestService({ clock }));
    api = await AdminApi.of(service);
  });
  after(() => cleanup.disposeAsync());

  const register = (registration: Parameters<TestService["register"]>[0] = {}) =>
    service.register({ scope: "file:read file:write", ...registration });

  const send = async (bytes: string) => {
    const answer = await sendBytes(service.url, bytes);
    const [head = "", text = ""] = answer.split("\r\n\r\n");
    return { head, status: Number(head.split(" ")[1]), json: Object(JSON.parse(text)) };
  };

  /** The bytes of the answer, but for the time of day. */
  const bytesFor = async (request: string) => (await sendBytes(service.url, request)).replace(/^Date: .*$/m, "Date:");

  const eventsOf = (event: string) => service.journal().filter((record) => record.event === event);
  const lastOf = (event: string) => eventsOf(event).at(-1) ?? assert.fail(`no ${event}`);

  /** Asserts that a request is refused as an empty POST without any token, and returns the reason in the journal. */
  async function refusalOf(authorization: readonly string[], changes: Changes = {}): Promise<unknown> {
    for (const path of paths) {
      const reference = await bytesFor(emptyPost([], path));
      assert.match(reference, /^HTTP\/1\.1 400 .*"error":"invalid_request"/s);
      assert.equal(await bytesFor(emptyPost(authorization, path, changes)), reference);
    }
    return lastOf("token_refused")["reason"];
  }

  const bearer = (token: string) => [`Bearer ${token}`];

  for (const path of paths) {
    it(`is answered with that token and the seconds that it has left, at ${path}`, async () => {
      const client = await register();
      const first = await send(formPost(client, path));
      assert.equal(first.status, 200);
      clock.advance(90_000);
      const second = await send(emptyPost(bearer(first.json.access_token), path));
      assert.equal(second.status, 200);
      assert.deepEqual(second.json, { ...first.json, expires_in: 600 - 90 });
      const plain = (head: string) => head.replace(/^(?:Date|Content-Length|X-Request-ID): .*\r\n/gm, "");
      assert.equal(plain(second.head), plain(first.head));
    });
  }

  it("gains nothing: neither a later end nor another scope, id or byte, however often it is sent", async () => {
    const client = await register({ access_token_ttl: 60 });
    const token = await tokenOf(service, client);
    const { exp = 0, jti } = decodeJwt(token);
    await api.expect(200, "PATCH", `/clients/${client.clientId}`, {
      body: { scope: "file:read file:write more", access_token_ttl: 3600 },
    });
    const issued = eventsOf("token_issued").length;
    const left: number[] = [];
    for (let second = 0; second < 60; second++) {
      const { status, json } = await send(emptyPost(bearer(token), "/oauth2/token"));
      assert.equal(status, 200);
      assert.deepEqual([json.access_token, json.scope, json.token_type], [token, "file:read file:write", "Bearer"]);
      assert.equal(json.expires_in, exp - Math.floor(clock.now() / 1000));
      left.push(json.expires_in);
      clock.advance(1000);
    }
    assert.deepEqual(
      left,
      Array.from({ length: 60 }, (_, at) => 60 - at),
    );
    assert.equal(await refusalOf(bearer(token)), "token_invalid");
    assert.equal(eventsOf("token_issued").length, issued);
    const ends = eventsOf("token_returned").filter(({ actor }) => Object(actor).jti === jti);
    assert.ok(ends.every(({ expires_at }) => expires_at === new Date(exp * 1000).toISOString()));
  });

  it("is answered for a token of any audience", async () => {
    for (const settings of [{ audience: "https://elsewhere.example.test" }, { role: "admin", scope: null }]) {
      const token = await tokenOf(service, await register(settings));
      assert.equal((await send(emptyPost(bearer(token), "/oauth2/token"))).json.access_token, token);
    }
  });

  it("is answered without a Content-Length, and with the scheme in any case [RFC9110 §11.1]", async () => {
    const token = await tokenOf(service, await register());
    for (const [authorization, length] of [
      [`bearer ${token}`, "Content-Length: 0\r\n"],
      [`BEARER  ${token}`, ""],
      [`Bearer ${token}`, "Transfer-Encoding: chunked\r\n"],
    ] as const) {
      const body = length.startsWith("Transfer") ? "0\r\n\r\n" : "";
      assert.equal((await send(emptyPost([authorization], "/oauth2/token", { length, body }))).status, 200);
    }
  });

  it("is recorded as its own event, without the token, and does not count as a use of the secret", async () => {
    const client = await register();
    const token = await tokenOf(service, client);
    const issued = lastOf("token_issued");
    clock.advance(5000);
    await send(emptyPost(bearer(token), "/iam/v1/oauth2/token"));
    const { id: _id, node: _node, prev: _prev, ...event } = lastOf("token_returned");
    assert.deepEqual(event, {
      time: new Date(clock.now()).toISOString(),
      event: "token_returned",
      outcome: "success",
      request_id: "the-same",
      actor: issued["actor"],
      address: "127.0.0.1",
      path: "/iam/v1/oauth2/token",
      version: "2026-01-01",
      expires_at: issued["expires_at"],
    });
    assert.equal(Object(event["actor"]).client_id, client.clientId);
    assert.ok(!JSON.stringify(service.journal()).includes(token.split(".")[2] ?? ""));
  });

  it("is refused without saying why when the token is forged [RFC8725 §3.1]", async () => {
    const token = await tokenOf(service, await register());
    const publicKey = await publishedKey(service);
    for (const [name, alter] of Object.entries(alterations))
      assert.equal(await refusalOf(bearer(alter({ token, publicKey }))), "token_invalid", name);
    const secret = new TextEncoder().encode(JSON.stringify(publicKey));
    const confused = new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: "HS256", typ: "at+jwt" });
    assert.equal(await refusalOf(bearer(await confused.sign(secret))), "token_invalid");
    for (const planted of ["planted", "a.b.c", "..", `${token}x`, token.slice(0, -1)])
      assert.equal(await refusalOf(bearer(planted)), "token_invalid");
  });

  it("is refused when the token is of another issuer, with this or another key", async () => {
    await using other = await startTestService({ clock });
    const foreign = await tokenOf(other, await other.register({ client_id: "foreign", scope: "file:read" }));
    await register({ client_id: "foreign" });
    assert.equal(await refusalOf(bearer(foreign)), "token_invalid");
    const claims = Object(decodeJwt(await tokenOf(service, await register())));
    for (const wrong of [{ iss: "https://elsewhere.example.test" }, { iss: undefined }, { rvk: undefined }]) {
      const { token } = await service.server.keys.sign({ ...claims, ...wrong }, "at+jwt", null);
      assert.equal(await refusalOf(bearer(token)), "token_invalid");
    }
  });

  it("is refused from the moment at which the token expires", async () => {
    const token = await tokenOf(service, await register({ access_token_ttl: 10 }));
    clock.advance(9_999);
    assert.equal((await send(emptyPost(bearer(token), "/oauth2/token"))).json.expires_in, 1);
    clock.advance(1);
    assert.equal(await refusalOf(bearer(token)), "token_invalid");
  });

  it("is refused when the client or its secret may not get a token now", async () => {
    const soon = () => new Date(clock.now() + 30_000).toISOString();
    const secretOf = async (client: Credentials) =>
      Object((await api.expect(200, "GET", `/clients/${client.clientId}/secrets`)).json["secrets"])[0].secret_id;
    const cases: readonly [string, object, (client: Credentials) => unknown][] = [
      ["client_disabled", {}, ({ clientId }) => api.expect(200, "POST", `/clients/${clientId}/disable`)],
      [
        "client_expired",
        {},
        async ({ clientId }) => {
          await api.expect(200, "PATCH", `/clients/${clientId}`, { body: { expires_at: soon() } });
          clock.advance(30_000);
        },
      ],
      ["client_replaced", {}, ({ clientId }) => api.expect(204, "DELETE", `/clients/${clientId}`)],
      [
        "client_replaced",
        {},
        async ({ clientId }) => {
          await api.expect(204, "DELETE", `/clients/${clientId}`);
          await register({ client_id: clientId });
        },
      ],
      [
        "address_not_allowed",
        { ip_allowlist: ["127.0.0.0/8"] },
        ({ clientId }) =>
          api.expect(200, "PATCH", `/clients/${clientId}`, { body: { ip_allowlist: ["203.0.113.0/24"] } }),
      ],
      [
        "secret_revoked",
        {},
        async (client) => api.expect(204, "DELETE", `/clients/${client.clientId}/secrets/${await secretOf(client)}`),
      ],
    ];
    for (const [reason, settings, end] of cases) {
      const client = await register(settings);
      const token = await tokenOf(service, client);
      assert.equal((await send(emptyPost(bearer(token), "/oauth2/token"))).status, 200);
      await end(client);
      assert.equal(await refusalOf(bearer(token)), reason);
      assert.equal(Object(lastOf("token_refused")["actor"]).client_id, client.clientId);
    }
  });

  it("is refused when the secret has expired", async () => {
    const client = await register();
    const { json } = await api.expect(201, "POST", `/clients/${client.clientId}/secrets`, {
      body: { expires_at: new Date(clock.now() + 30_000).toISOString() },
    });
    const token = await tokenOf(service, { clientId: client.clientId, clientSecret: String(json["client_secret"]) });
    assert.equal((await send(emptyPost(bearer(token), "/oauth2/token"))).status, 200);
    clock.advance(30_000);
    assert.equal(await refusalOf(bearer(token)), "secret_expired");
  });

  it("is refused when the secret has ended because it was idle, which a returned token does not prevent", async () => {
    const client = await register();
    const token = await tokenOf(service, client);
    await api.expect(201, "POST", `/clients/${client.clientId}/secrets/rotate`, {
      body: { end_old_when_idle_for: 60 },
    });
    for (let seconds = 0; seconds < 59; seconds += 1) {
      assert.equal((await send(emptyPost(bearer(token), "/oauth2/token"))).status, 200);
      clock.advance(1000);
    }
    clock.advance(1000);
    assert.equal(await refusalOf(bearer(token)), "secret_idle");
  });

  it("is refused as an ordinary empty POST with other headers than one Bearer", async () => {
    const client = await register();
    const token = await tokenOf(service, client);
    const basic = `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}`;
    for (const authorization of [
      [`Bearer ${token}`, `Bearer ${token}`],
      [`Bearer ${token}`, basic],
      [basic],
      [token],
      [`Token ${token}`],
      [`Bearer ${token}, Bearer ${token}`],
      ["Bearer"],
    ]) {
      assert.equal(await refusalOf(authorization), "empty_body", authorization.join());
    }
    const form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert.equal(await refusalOf(bearer(token), { extra: form }), "empty_body");
  });

  it("reads a body beside the token by the ordinary rules", async () => {
    const client = await register();
    const other = await register();
    const token = await tokenOf(service, client);
    const post = (body: string) =>
      send(
        emptyPost(bearer(token), "/oauth2/token", {
          extra: "Content-Type: application/x-www-form-urlencoded\r\n",
          length: `Content-Length: ${body.length}\r\n`,
          body,
        }),
      );
    const form = `grant_type=client_credentials&client_id=${other.clientId}&client_secret=`;
    const { status, json } = await post(form + other.clientSecret);
    assert.equal(status, 200);
    assert.notEqual(json.access_token, token);
    assert.equal(decodeJwt(json.access_token).sub, other.clientId);
    assert.equal((await post(`${form}wrong`)).json.error, "invalid_client");
    assert.equal((await post("grant_type=client_credentials")).json.error, "invalid_client");
    assert.equal((await post("scope=file%3Aread")).json.error, "invalid_request");
    assert.equal((await post("\n")).json.error, "invalid_request");
  });

  it("obeys the rules for every request: version, query and sunset", async () => {
    const token = await tokenOf(service, await register());
    const old = await send(emptyPost(bearer(token), "/oauth2/token", { version: "1999-01-01" }));
    assert.equal(old.status, 400);
    assert.match(old.json.error_description, /X-Version/);
    const query = await send(emptyPost(bearer(token), "/oauth2/token?client_secret=x"));
    assert.match(query.json.error_description, /URL/);
    await using sunk = await startTestService({ clock, settings: { sunsetAt: "2026-01-01T00:00:00Z" } });
    const answer = await sendBytes(sunk.url, emptyPost(bearer(token), "/iam/v1/oauth2/token"));
    assert.match(answer, /^HTTP\/1\.1 410 /);
  });
});
