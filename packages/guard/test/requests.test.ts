import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import type { GuardFailure } from "@carnet/guard";
import { failureOf, openWorld } from "./support/world.ts";

suite("The token of a request", () => {
  test("is read from a Request, from Node's headers, and given as text [RFC6750 §2.1]", async () => {
    const { issuer, guard } = await openWorld();
    const token = await issuer.issue();
    const authorization = `Bearer ${token}`;
    for (const source of [
      new Request("https://api.test/files?x=1", { headers: { authorization } }),
      { headers: { authorization } },
      { headers: { authorization: `bearer  ${token}` } },
      token,
    ])
      assert.equal((await guard.verify(source)).clientId, "test-client");
  });

  test("is missing without bearer credentials: 401 without an error code [RFC6750 §3.1]", async () => {
    const { guard } = await openWorld();
    const sources = [
      "",
      ...[undefined, "Basic YTpi", "Bearertoken", "DPoP abc"].map((authorization) => ({ headers: { authorization } })),
    ];
    for (const source of sources) {
      const failure = await failureOf(guard.verify(source));
      assert.deepEqual(
        [failure.code, failure.status, failure.challenge, failure.body],
        ["TokenMissing", 401, 'Bearer realm="api"', undefined],
      );
    }
  });

  test("is refused in a query or in a form, with or without one in the header [RFC6750 §2]", async () => {
    const { issuer, guard } = await openWorld();
    const token = await issuer.issue();
    const authorization = `Bearer ${token}`;
    const form = { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" };
    for (const source of [
      new Request(`https://api.test/?a=b&access_token=${token}`, { headers: { authorization } }),
      { headers: {}, url: `/?access_token=${token}` },
      { headers: { ...form, authorization }, body: { access_token: token } },
      { headers: form, body: { access_token: token } },
    ]) {
      const failure = await failureOf(guard.verify(source));
      assert.deepEqual([failure.code, failure.status], ["RequestInvalid", 400]);
      assert.match(failure.challenge ?? "", /^Bearer realm="api", error="invalid_request"/);
    }
    await guard.verify({
      headers: { authorization, "content-type": "application/json" },
      body: { access_token: "mine" },
    });
    await guard.verify({ headers: { authorization }, url: "/access_token=1" });
  });

  test("is refused when the header is malformed or holds several [RFC6750 §3.1]", async () => {
    const { issuer, guard } = await openWorld();
    const token = await issuer.issue();
    for (const authorization of [
      "Bearer",
      "Bearer ",
      "Bearer a b",
      `Bearer ${token}, Bearer ${token}`,
      `Bearer, ${token}`,
    ])
      assert.equal(
        (await failureOf(guard.verify({ headers: { authorization } }))).code,
        "RequestInvalid",
        authorization,
      );
    const headers = new Headers({ authorization: `Bearer ${token}` });
    headers.append("authorization", `Bearer ${token}`);
    assert.equal((await failureOf(guard.verify({ headers }))).code, "RequestInvalid");
  });

  test("is refused when Node received two Authorization headers, of which it shows one", async () => {
    const { issuer, guard } = await openWorld();
    const token = await issuer.issue();
    await using server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const received = once(server, "request");
    const socket = connect(address.port, "127.0.0.1");
    const header = `Authorization: Bearer ${token}\r\n`;
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${header}${header}\r\n`);
    const [request]: [IncomingMessage] = (await received) as [IncomingMessage];
    assert.equal((await failureOf(guard.verify(request))).code, "RequestInvalid");
    socket.destroy();
  });
});

suite("A failure", () => {
  const each = async (): Promise<{ readonly token: string; readonly failures: readonly GuardFailure[] }> => {
    const world = await openWorld({
      introspection: { clientId: "api", clientSecret: "planted-secret" },
      resource: "https://api.test",
    });
    const { issuer, guard, network, pass } = world;
    const token = await issuer.issue({ scopes: ["a"] });
    const failures = [
      await failureOf(guard.verify("")),
      await failureOf(guard.verify({ headers: { authorization: `Bearer ${token} x` } })),
      await failureOf(guard.verify(`${token}x`)),
      await failureOf(guard.verify("opaque-unknown")),
      await failureOf(guard.verify(token, { scopes: ["b"] })),
    ];
    network.isDown = true;
    failures.push(await failureOf(guard.verify("opaque-other")));
    pass(301);
    failures.push(await failureOf(guard.verify(await issuer.issue())));
    return { token, failures };
  };

  test("is the answer to send: status, challenge, body and headers [RFC6750 §3]", async () => {
    const { failures } = await each();
    const codes = [
      "TokenMissing",
      "RequestInvalid",
      "TokenInvalid",
      "TokenInvalid",
      "ScopeInsufficient",
      "IssuerUnavailable",
      "RevocationsStale",
    ];
    assert.deepEqual(
      failures.map(({ code }) => code),
      codes,
    );
    assert.deepEqual(
      failures.map(({ status }) => status),
      [401, 400, 401, 401, 403, 503, 503],
    );
    for (const failure of failures) {
      const response = failure.toResponse();
      assert.equal(response.status, failure.status);
      assert.equal(response.headers.get("www-authenticate") ?? undefined, failure.challenge);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("retry-after"), failure.status === 503 ? "5" : null);
      assert.equal(await response.text(), failure.body === undefined ? "" : JSON.stringify(failure.body));
    }
  });

  test("names the API's metadata in each challenge [RFC9728 §5.1]", async () => {
    const { failures } = await each();
    const named = 'resource_metadata="https://api.test/.well-known/oauth-protected-resource"';
    assert.equal(failures[0]?.challenge, `Bearer realm="api", ${named}`);
    for (const { challenge } of failures.slice(0, 5)) assert.ok(challenge?.endsWith(named), String(challenge));
    for (const { challenge } of failures.slice(5)) assert.equal(challenge, undefined);
  });

  test("has a challenge of legal quoted strings [RFC6750 §3]", async () => {
    const { failures } = await each();
    for (const { challenge } of failures.slice(1, 5))
      assert.match(
        challenge ?? "",
        /^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+")*$/,
      );
  });

  test("contains no part of the token and no secret, however it is printed", async () => {
    const { token, failures } = await each();
    for (const failure of failures) {
      const printed = [
        inspect(failure, { depth: 20, showHidden: true }),
        JSON.stringify(failure),
        String(failure.stack),
        JSON.stringify(failure.headers),
      ];
      for (const text of printed)
        for (const secret of [
          ...token.split("."),
          "opaque-unknown",
          "opaque-other",
          "planted-secret",
          btoa("api:planted-secret"),
        ])
          assert.ok(!text.includes(secret), failure.code);
    }
  });

  test("says the same to the caller for every invalid token", async () => {
    const { issuer, guard } = await openWorld();
    const tokens = [
      "junk",
      await issuer.issue({ expiresInSeconds: -60 }),
      await issuer.issue({ claims: { aud: "x" } }),
    ];
    const answers = await Promise.all(tokens.map(async (token) => (await failureOf(guard.verify(token))).challenge));
    assert.equal(new Set(answers).size, 1);
  });
});
