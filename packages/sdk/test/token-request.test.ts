import assert from "node:assert/strict";
import { test } from "node:test";
import { IamError, InvalidRequestError, SDKError } from "@carnet/sdk";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_ID, CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

test("tokenRequest without arguments sends one complete form POST and no Authorization header", async () => {
  const net = network(() => tokenAnswer());
  await sdkFor(net).iam.tokenRequest();
  assert.equal(net.sent.length, 1);
  const [sent] = net.sent;
  assert.equal(sent?.method, "POST");
  assert.equal(sent?.url, "https://api.example.test/oauth2/token");
  assert.equal(sent?.headers.get("content-type"), "application/x-www-form-urlencoded");
  assert.equal(sent?.headers.get("x-version"), "2026-01-01");
  assert.equal(sent?.headers.get("authorization"), null);
  assert.deepEqual(Object.fromEntries(sent?.form ?? []), {
    grant_type: "client_credentials",
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
  });
});

test("tokenRequest returns the token, its lifetime, its scope and its type", async () => {
  const token = await sdkFor(network(() => tokenAnswer())).iam.tokenRequest();
  const expected = { accessToken: "token-1", expiresIn: 600, scope: "file:read", tokenType: "Bearer" };
  assert.deepEqual({ ...token }, { ...expected, expiresAt: new Date("2026-11-21T12:10:00Z") });
});

test("tokenRequest always sends a new request", async () => {
  const net = network((_, n) => tokenAnswer({ access_token: `token-${n}` }));
  const sdk = sdkFor(net);
  assert.equal((await sdk.iam.tokenRequest()).accessToken, "token-0");
  assert.equal((await sdk.iam.tokenRequest()).accessToken, "token-1");
});

test("each member of a token request overrides the SDK's options", async () => {
  const net = network(() => tokenAnswer());
  const sdk = sdkFor(net);
  await sdk.iam.tokenRequest({
    grantType: "client_credentials",
    clientId: "other",
    clientSecret: "its secret",
    scope: "scim|r a",
  });
  assert.equal(
    net.sent[0]?.body,
    "grant_type=client_credentials&client_id=other&client_secret=its+secret&scope=scim%7Cr+a",
  );
  await sdk.iam.tokenRequest({ clientId: "other" });
  assert.equal(net.sent[1]?.form.get("client_secret"), CLIENT_SECRET);
});

test("an OAuth error with 400 or 401 is an IamError with its members", async () => {
  for (const status of [400, 401]) {
    const body = { error: "invalid_scope", error_description: "none of it", error_uri: "https://docs.example/scope" };
    const headers = { "x-request-id": "req-7" };
    const error = await failure(sdkFor(network(() => json(body, { status, headers }))).iam.tokenRequest());
    assert.ok(error instanceof IamError);
    assert.equal(error.code, "IamError");
    assert.equal(error.status, status);
    assert.equal(error.error, "invalid_scope");
    assert.equal(error.errorDescription, "none of it");
    assert.equal(error.errorUri, "https://docs.example/scope");
    assert.equal(error.requestId, "req-7");
    assert.equal(error.rawResponse().headers.get("x-request-id"), "req-7");
    assert.deepEqual(JSON.parse(error.rawResponse().body), body);
  }
});

test("any other 4XX or 5XX is an SDKError", async () => {
  for (const status of [403, 404, 410, 413, 418, 501, 505]) {
    const error = await failure(sdkFor(network(() => json({ error: "x" }, { status }))).iam.tokenRequest());
    assert.ok(error instanceof SDKError, String(status));
    assert.equal(error.status, status);
    assert.equal(error.serverCode, "x");
  }
});

test("empty or non-string credentials fail in the constructor, and the error names their type", () => {
  for (const clientSecret of ["", 7, null, undefined, {}]) {
    const make = () =>
      sdkFor(
        network(() => tokenAnswer()),
        { security: Object({ clientId: "id", clientSecret }) },
      );
    assert.throws(make, (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.equal(error.field, "security.clientSecret");
      assert.match(error.message, /must be a non-empty string, not (empty|number|undefined|object)\./);
      return true;
    });
  }
});
