import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError, SDK, type SDKOptions } from "@carnet/sdk";
import { withEnvironment } from "./support/environment.ts";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { CLIENT_ID, CLIENT_SECRET, failure, sdkFor } from "./support/sdk-for.ts";

const SECURITY = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET };
const NO_ENVIRONMENT = {
  CARNET_CLIENT_ID: undefined,
  CARNET_CLIENT_SECRET: undefined,
  CARNET_SERVER_URL: undefined,
  CARNET_REGION: undefined,
};

/** The URL of a token request with these options. */
async function tokenURL(options: SDKOptions): Promise<string> {
  const net = network(() => tokenAnswer());
  await new SDK({ security: SECURITY, httpClient: net.fetch, ...options }).iam.tokenRequest();
  return net.sent[0]?.url ?? "";
}

function constructionError(field: string, options: SDKOptions): InvalidRequestError {
  try {
    new SDK({ security: SECURITY, ...options });
  } catch (error) {
    assert.ok(error instanceof InvalidRequestError, String(error));
    assert.equal(error.field, field);
    assert.equal(error.code, "InvalidRequestError");
    return error;
  }
  throw new Error(`${field} was not refused`);
}

test("server is us, eu, apac or any URL", async () => {
  assert.equal(await tokenURL({ server: "us" }), "https://api.app.wdesk.com/oauth2/token");
  assert.equal(await tokenURL({ server: "eu" }), "https://api.eu.wdesk.com/oauth2/token");
  assert.equal(await tokenURL({ server: "apac" }), "https://api.apac.wdesk.com/oauth2/token");
  assert.equal(await tokenURL({ server: "https://iam.example.test" }), "https://iam.example.test/oauth2/token");
  assert.equal(
    await tokenURL({ server: new URL("https://iam.example.test") }),
    "https://iam.example.test/oauth2/token",
  );
});

test("a trailing slash in the server's URL is ignored, and a path is kept", async () => {
  for (const serverURL of ["https://h.test/base", "https://h.test/base/", "https://h.test/base///"]) {
    assert.equal(await tokenURL({ serverURL }), "https://h.test/base/oauth2/token");
  }
  assert.equal(await tokenURL({ serverURL: "https://h.test/" }), "https://h.test/oauth2/token");
});

test("tokenURL can be relative or absolute", async () => {
  const serverURL = "https://h.test/base";
  assert.equal(
    await tokenURL({ serverURL, tokenURL: "/iam/v1/oauth2/token" }),
    "https://h.test/base/iam/v1/oauth2/token",
  );
  assert.equal(await tokenURL({ serverURL, tokenURL: "o/token/" }), "https://h.test/base/o/token/");
  assert.equal(await tokenURL({ serverURL, tokenURL: "https://login.test/t?x=1" }), "https://login.test/t?x=1");
});

test("tokenURL is resolved against the SDK's server, never against the server of a single call", async () => {
  const net = network((sent) => (sent.url.includes("token") ? tokenAnswer() : new Response("ok")));
  const sdk = sdkFor(net, { serverURL: "https://own.test", allowedOrigins: ["https://files.test"] });
  await sdk.fetch("https://files.test/a");
  await sdk.fetch("/b", { serverURL: "https://files.test" });
  assert.deepEqual(
    net.sent.map(({ url }) => url),
    ["https://own.test/oauth2/token", "https://files.test/a", "https://files.test/b"],
  );
});

test("a token request with its own serverURL goes to that server", async () => {
  const net = network(() => tokenAnswer());
  const sdk = sdkFor(net, { tokenURL: "https://login.test/t" });
  await sdk.iam.tokenRequest({}, { serverURL: "https://other.test/" });
  assert.equal(net.sent[0]?.url, "https://other.test/oauth2/token");
});

test("plain http: is refused except for loopback or with allowInsecureHTTP", async () => {
  const insecure = "http://iam.example.test";
  assert.match(
    constructionError("serverURL", { serverURL: insecure }).message,
    /http: needs loopback or `allowInsecureHTTP`/,
  );
  constructionError("server", { server: insecure });
  constructionError("tokenURL", { serverURL: "https://iam.example.test", tokenURL: `${insecure}/token` });
  constructionError("allowedOrigins", { allowedOrigins: [insecure] });
  constructionError("serverURL", { serverURL: "http://127.0.0.1.evil.test" });
  constructionError("serverURL", { serverURL: "http://localhost.evil.test" });
  for (const loopback of [
    "http://localhost:8080",
    "http://127.0.0.1:1",
    "http://127.9.9.9",
    "http://[::1]:8",
    "http://a.localhost",
  ]) {
    assert.equal(await tokenURL({ serverURL: loopback }), `${loopback}/oauth2/token`);
  }
  assert.equal(await tokenURL({ serverURL: insecure, allowInsecureHTTP: true }), `${insecure}/oauth2/token`);
  const sdk = sdkFor(network(() => tokenAnswer()));
  const error = await failure(sdk.iam.tokenRequest({}, { serverURL: insecure }));
  assert.ok(error instanceof InvalidRequestError);
});

test("a URL that is not https or contains a user is refused, and the error does not show it", () => {
  for (const serverURL of ["nowhere", "ftp://h.test", "//h.test", "data:,x"])
    constructionError("serverURL", { serverURL });
  constructionError("server", { server: "mars" });
  const error = constructionError("serverURL", { serverURL: "https://u:hunter2@h.test" });
  assert.doesNotMatch(error.message, /hunter2/);
});

test("options override the environment", async () => {
  const variables = {
    CARNET_CLIENT_ID: "env-id",
    CARNET_CLIENT_SECRET: "env-secret",
    CARNET_SERVER_URL: "https://env.test/",
    CARNET_REGION: "eu",
  };
  await withEnvironment(variables, async () => {
    const net = network(() => tokenAnswer());
    await new SDK({ httpClient: net.fetch }).iam.tokenRequest();
    assert.equal(net.sent[0]?.url, "https://env.test/oauth2/token");
    assert.equal(net.sent[0]?.form.get("client_id"), "env-id");
    assert.equal(net.sent[0]?.form.get("client_secret"), "env-secret");
    await new SDK({ security: SECURITY, server: "apac", httpClient: net.fetch }).iam.tokenRequest();
    assert.equal(net.sent[1]?.url, "https://api.apac.wdesk.com/oauth2/token");
    assert.equal(net.sent[1]?.form.get("client_id"), CLIENT_ID);
  });
  await withEnvironment({ ...variables, CARNET_SERVER_URL: undefined }, async () => {
    assert.equal(await tokenURL({}), "https://api.eu.wdesk.com/oauth2/token");
  });
  await withEnvironment({ ...NO_ENVIRONMENT }, async () => {
    assert.equal(await tokenURL({}), "https://api.app.wdesk.com/oauth2/token");
  });
});

test("an incomplete or invalid environment fails in the constructor and names the variables to set", async () => {
  const make = () => new SDK();
  const cases = [
    ["security.clientSecret", { CARNET_CLIENT_ID: "id" }],
    ["security.clientId", { CARNET_CLIENT_ID: "", CARNET_CLIENT_SECRET: "s" }],
    ["CARNET_SERVER_URL", { CARNET_SERVER_URL: "http://h.test" }],
    ["CARNET_REGION", { CARNET_REGION: "mars" }],
  ] as const;
  for (const [field, variables] of cases) {
    await withEnvironment({ ...NO_ENVIRONMENT, ...variables }, () => {
      assert.throws(make, (error) => error instanceof InvalidRequestError && error.field === field);
    });
  }
});

test("without credentials the first request fails and names the variables to set, unless it has its own", async () => {
  await withEnvironment(NO_ENVIRONMENT, async () => {
    const net = network(() => tokenAnswer());
    const sdk = new SDK({ serverURL: "https://h.test", httpClient: net.fetch });
    const error = await failure(sdk.token());
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, /security is missing\. Give `security`.*CARNET_CLIENT_ID and CARNET_CLIENT_SECRET/);
    assert.equal(net.sent.length, 0);
    await sdk.iam.tokenRequest({ clientId: "a", clientSecret: "b" });
    assert.equal(net.sent.length, 1);
  });
});

test("every invalid option is refused by name", async () => {
  constructionError("timeoutMs", { timeoutMs: 0 });
  constructionError("timeoutMs", { timeoutMs: 2 ** 31 });
  constructionError("headers", { apiVersion: "2026\r\nx: y" });
  constructionError("headers", { userAgent: "\u0000" });
  constructionError("serverURL", { serverURL: "" });
  constructionError("server", { server: "" });
  constructionError("retries.maxRetries", { retryConfig: { maxRetries: -1 } });
  constructionError("retries.exponent", { retryConfig: { exponent: Number.NaN } });
  constructionError("retries.maxTries", { retryConfig: Object({ maxTries: 3 }) });
  constructionError("clientAuthentication", { clientAuthentication: Object("post") });
  constructionError("retryCodes", { retryCodes: [200] });
  const sdk = sdkFor(network(() => tokenAnswer()));
  for (const call of [
    sdk.iam.tokenRequest({ grantType: Object("password") }),
    sdk.iam.tokenRequest({ clientId: "" }),
    sdk.iam.tokenRequest({}, { headers: { "x-y": "line\nbreak" } }),
    sdk.iam.tokenRequest({}, { timeoutMs: -1 }),
  ]) {
    assert.ok((await failure(call)) instanceof InvalidRequestError);
  }
});

test("apiVersion, userAgent and scopes are sent, and a call's headers override them", async () => {
  const net = network(() => tokenAnswer());
  const sdk = sdkFor(net, { apiVersion: "2026-04-01.processes.preview", userAgent: "probe/1", scopes: "b a" });
  await sdk.iam.tokenRequest();
  assert.equal(net.sent[0]?.headers.get("x-version"), "2026-04-01.processes.preview");
  assert.equal(net.sent[0]?.headers.get("user-agent"), "probe/1");
  assert.equal(net.sent[0]?.form.get("scope"), "a b");
  await sdk.iam.tokenRequest({ scope: ["c"] }, { headers: { "X-Version": "2022-01-01", "x-trace": "t" } });
  assert.equal(net.sent[1]?.headers.get("x-version"), "2022-01-01");
  assert.equal(net.sent[1]?.headers.get("x-trace"), "t");
  assert.equal(net.sent[1]?.form.get("scope"), "c");
});
