import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError } from "@carnet/sdk";
import { network, tokenAnswer } from "./support/scripted-fetch.ts";
import { failure, sdkFor } from "./support/sdk-for.ts";

const quiet = () => sdkFor(network(() => tokenAnswer()));

function refused(error: unknown, field: string, meant: string | undefined): void {
  assert.ok(error instanceof InvalidRequestError, `${field}: ${error}`);
  assert.equal(error.field, field);
  if (meant === undefined) assert.match(error.message, / is unknown\. Known: \w+, \w+, [\w., ]+\.$/);
  else assert.equal(error.message, `${field} is unknown (did you mean \`${meant}\`?).`);
}

test("unknown options of the constructor are refused, with the name that was meant", () => {
  for (const [name, meant] of [
    ["clientID", "security.clientId"],
    ["client_id", "security.clientId"],
    ["clientSecret", "security.clientSecret"],
    ["serverUrl", "serverURL"],
    ["tokenUrl", "tokenURL"],
    ["token_url", "tokenURL"],
    ["timeout", "timeoutMs"],
    ["scope", "scopes"],
    ["allowInsecureHttp", "allowInsecureHTTP"],
    ["baseURL", undefined],
    ["x", undefined],
  ] as const) {
    try {
      sdkFor({ fetch }, Object({ [name]: "a value" }));
    } catch (error) {
      refused(error, name, meant);
      assert.doesNotMatch(String(error), /a value/);
      continue;
    }
    assert.fail(name);
  }
});

test("unknown hooks and retry settings are refused", () => {
  for (const [options, field, meant] of [
    [{ hooks: { onDeprecated: () => {} } }, "hooks.onDeprecated", undefined],
    [{ hooks: { beforeRequests: () => {} } }, "hooks.beforeRequests", "beforeRequest"],
    [{ retryConfig: { maxRetry: 3 } }, "retries.maxRetry", undefined],
    [{ retryConfig: { maxIntervalMS: 3 } }, "retries.maxIntervalMS", "maxIntervalMs"],
    [{ retryConfig: { codes: 5 } }, "retries.codes", undefined],
  ] as const) {
    try {
      sdkFor({ fetch }, Object(options));
    } catch (error) {
      refused(error, field, meant);
      continue;
    }
    assert.fail(field);
  }
});

test("unknown options of sdk.token and unknown members of a token request are refused", async () => {
  for (const [call, field, meant] of [
    [quiet().token(Object({ scope: "a" })), "scope", "scopes"],
    [quiet().token(Object({ force_refresh: true })), "force_refresh", "forceRefresh"],
    [quiet().iam.tokenRequest(Object({ scopes: "a" })), "scopes", "scope"],
    [quiet().iam.tokenRequest(Object({ client_id: "a" })), "client_id", "clientId"],
    [quiet().iam.tokenRequest({}, Object({ timeout: 1 })), "timeout", "timeoutMs"],
    [quiet().iam.tokenRequest({}, Object({ serverUrl: "https://h.test" })), "serverUrl", "serverURL"],
  ] as const) {
    refused(await failure(call), field, meant);
  }
});

test("a misspelt member of security is named; further members, such as those of a vault, are ignored", async () => {
  const secret = "the secret";
  for (const [security, field, meant] of [
    [{ clientID: "id", clientSecret: secret }, "security.clientID", "clientId"],
    [{ clientId: "id", client_secret: secret }, "security.client_secret", "clientSecret"],
  ] as const) {
    assert.throws(
      () => sdkFor({ fetch }, { security: Object(security) }),
      (error) => {
        refused(error, field, meant);
        assert.doesNotMatch(String(error), /the secret/);
        return true;
      },
    );
    const net = network(() => tokenAnswer());
    refused(await failure(sdkFor(net, { security: () => Object(security) }).token()), field, meant);
  }
  const net = network(() => tokenAnswer());
  await sdkFor(net, { security: () => Object({ clientId: "id", clientSecret: secret, leaseId: "7" }) }).token();
});

test("security that is a string is refused as a whole", () => {
  assert.throws(
    () => sdkFor({ fetch }, { security: Object("the secret") }),
    /^InvalidRequestError: security\.clientId must be/,
  );
});

test("a retry setting that is undefined has its default", async () => {
  const net = network(() => new Response("", { status: 503 }));
  await failure(sdkFor(net, { retryConfig: Object({ maxRetries: undefined, maxIntervalMs: 10 }) }).token());
  assert.equal(net.sent.length, 6);
});

test("fetch passes unknown members on, because runtimes have their own", async () => {
  let seen: unknown;
  const sdk = sdkFor({
    fetch: async (input, init) => {
      if (String(input).endsWith("token")) return tokenAnswer();
      seen = Reflect.get(Object(init), "dispatcher");
      return new Response("ok");
    },
  });
  await sdk.fetch("/x", Object({ dispatcher: "mine" }));
  assert.equal(seen, "mine");
});
