import assert from "node:assert/strict";
import { test } from "node:test";
import { IamError, ResponseValidationError, SDKError } from "@carnet/sdk";
import fc from "fast-check";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

function requestToken(answer: Response, scope?: string) {
  return sdkFor(network(() => answer)).iam.tokenRequest(scope === undefined ? {} : { scope }, { retries: 0 });
}

async function validationError(answer: Response): Promise<ResponseValidationError> {
  const error = await failure(requestToken(answer));
  assert.ok(error instanceof ResponseValidationError, String(error));
  assert.equal(error.code, "ResponseValidationError");
  return error;
}

test("token_type must be bearer, in any case [RFC6749 §7.1]", async () => {
  for (const token_type of ["Bearer", "bearer", "BEARER"]) {
    assert.equal((await requestToken(tokenAnswer({ token_type }))).tokenType, "Bearer");
  }
  for (const token_type of ["mac", "", 7, null, undefined]) {
    assert.equal((await validationError(tokenAnswer({ token_type }))).field, "token_type");
  }
});

test("access_token must be a non-empty, header-safe string", async () => {
  for (const access_token of ["", "a b", "a\nb", "a\r\nX-Evil: 1", "ключ", "a\u0000", 7, null, undefined, ["x"]]) {
    const error = await validationError(tokenAnswer({ access_token }));
    assert.equal(error.field, "access_token");
    assert.doesNotMatch(error.message, /Evil|ключ/);
  }
  assert.equal((await requestToken(tokenAnswer({ access_token: "!~.-_+/=" }))).accessToken, "!~.-_+/=");
});

test("expires_in must be a number or a numeric string", async () => {
  for (const [given, expected] of [
    [600, 600],
    ["600", 600],
    [" 599 ", 599],
    [0, 0],
    [1.5, 2],
  ] as const) {
    assert.equal((await requestToken(tokenAnswer({ expires_in: given }))).expiresIn, expected);
  }
  for (const expires_in of ["soon", "", "1e3", "-5", -5, "0x10", true, {}, [600], "Infinity"]) {
    assert.equal((await validationError(tokenAnswer({ expires_in }))).field, "expires_in");
  }
});

test("the lifetime is undefined if expires_in is missing", async () => {
  for (const expires_in of [undefined, null]) {
    assert.equal((await requestToken(tokenAnswer({ expires_in }))).expiresIn, undefined);
  }
});

test("a missing scope means the requested scope [RFC6749 §5.1]", async () => {
  for (const scope of [undefined, null]) {
    assert.equal((await requestToken(tokenAnswer({ scope }), "b a")).scope, "b a");
    assert.equal((await requestToken(tokenAnswer({ scope }))).scope, "");
  }
  assert.equal((await requestToken(tokenAnswer({ scope: "a" }), "a b")).scope, "a");
  assert.equal((await validationError(tokenAnswer({ scope: ["a"] }))).field, "scope");
});

test("a 200 whose body is not a JSON object is a ResponseValidationError", async () => {
  for (const body of ["<html><body>Sign in</body></html>", "", '{"access_token":"abc']) {
    const error = await validationError(new Response(body, { status: 200, headers: { "content-type": "text/html" } }));
    assert.equal(error.field, "body");
    assert.equal(error.status, 200);
  }
  assert.equal((await validationError(new Response(null, { status: 204 }))).field, "body");
  for (const body of ["[]", '"token"', "null", "7", "{}"]) {
    assert.equal((await validationError(new Response(body))).field, "access_token");
  }
});

test("a token is read with any content type and with a byte order mark", async () => {
  const body = `\ufeff${await tokenAnswer().text()}`;
  assert.equal(
    (await requestToken(new Response(body, { headers: { "content-type": "text/plain" } }))).accessToken,
    "token-1",
  );
});

test("a token request follows no redirect", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const net = network(() => new Response(null, { status, headers: { location: "https://evil.test/steal" } }));
    const error = await failure(sdkFor(net).iam.tokenRequest());
    assert.ok(error instanceof ResponseValidationError);
    assert.equal(error.status, status);
    assert.equal(error.field, "location");
    assert.equal(error.rawResponse().headers.get("location"), "https://evil.test/steal");
    assert.deepEqual(
      net.sent.map(({ url, redirect }) => [url, redirect]),
      [["https://api.example.test/oauth2/token", "manual"]],
    );
  }
});

test("an error keeps status, headers and body for every known error format, HTML and an empty body", async () => {
  const cases = [
    [json({ code: "Forbidden", message: "not yours", requestId: "r" }, { status: 403 }), "Forbidden", "not yours"],
    [json({ code: 404, body: "no such place" }, { status: 404 }), "404", "no such place"],
    [
      json({ error: "temporarily_unavailable", error_description: "draining" }, { status: 503 }),
      "temporarily_unavailable",
      "draining",
    ],
    [new Response("<html><h1>502 Bad Gateway</h1></html>", { status: 502 }), undefined, undefined],
    [new Response(null, { status: 500 }), undefined, undefined],
    [new Response("<html>denied</html>", { status: 401 }), undefined, undefined],
    [json({ code: "Bad", message: "shape" }, { status: 400 }), "Bad", "shape"],
    [json([1], { status: 400 }), undefined, undefined],
    [json({ error: { nested: true } }, { status: 400 }), undefined, undefined],
  ] as const;
  for (const [answer, serverCode, serverMessage] of cases) {
    answer.headers.set("x-request-id", "req-1");
    const copy = await answer.clone().text();
    const error = await failure(requestToken(answer));
    assert.ok(error instanceof SDKError, String(error));
    assert.equal(error.code, "SDKError");
    assert.equal(error.status, answer.status);
    assert.equal(error.serverCode, serverCode);
    assert.equal(error.serverMessage, serverMessage);
    assert.equal(error.requestId, "req-1");
    assert.equal(error.rawResponse().headers.get("x-request-id"), "req-1");
    assert.equal(error.rawResponse().body, copy);
    assert.match(error.message, new RegExp(`answered ${answer.status}`));
  }
});

test("an OAuth error without a description is still an IamError", async () => {
  const error = await failure(requestToken(json({ error: "invalid_request" }, { status: 400 })));
  assert.ok(error instanceof IamError);
  assert.equal(error.errorDescription, undefined);
  assert.equal(error.errorUri, undefined);
});

test("a huge body is read only up to the limit, for success and failure", async () => {
  for (const status of [200, 400, 500]) {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(97));
      },
    });
    const error = await failure(requestToken(new Response(body, { status })));
    assert.ok(error instanceof SDKError || error instanceof ResponseValidationError, String(error));
    assert.equal(error.rawResponse().body.length, 65_536);
    assert.ok(pulled < 300_000, `${pulled} bytes were pulled`);
  }
});

test("a single huge chunk is cut at the limit too", async () => {
  const error = await failure(requestToken(new Response("x".repeat(5_000_000), { status: 500 })));
  assert.ok(error instanceof SDKError);
  assert.equal(error.rawResponse().body.length, 65_536);
});

test("the request id is cut at 128 characters", async () => {
  const headers = { "x-request-id": "x".repeat(129) };
  const error = await failure(requestToken(new Response(null, { status: 500, headers })));
  assert.ok(error instanceof SDKError);
  assert.equal(error.requestId, "x".repeat(128));
});

test("control characters from a server do not reach the message", async () => {
  const body = { error: "invalid_request", error_description: "a\r\nFAKE LOG LINE\u001b[31m\u2028b" };
  const error = await failure(requestToken(json(body, { status: 400 })));
  assert.ok(error instanceof IamError);
  assert.equal(error.errorDescription, "a FAKE LOG LINE [31m b");
  assert.doesNotMatch(error.message, /[\p{Cc}\p{Zl}]/u);
});

test("any JSON response gives a token or a typed error without the secret", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 200, max: 599 }), async (value, status) => {
      fc.pre(![204, 205, 304].includes(status));
      const outcome = await requestToken(json(value, { status })).then(
        () => "token",
        (error: unknown) => error,
      );
      const isTyped = [IamError, SDKError, ResponseValidationError].some((kind) => outcome instanceof kind);
      assert.ok(outcome === "token" || isTyped, String(outcome));
      assert.ok(!String(outcome).includes(CLIENT_SECRET));
    }),
    { numRuns: 200 },
  );
});
