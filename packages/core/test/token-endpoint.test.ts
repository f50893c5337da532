import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { resolveVersion } from "@carnet/protocol/versions";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secret = "planted-secret-0123456789";

async function withClient(changes = {}): Promise<TestEndpoint> {
  const endpoint = new TestEndpoint(changes);
  await endpoint.register({ client_id: "app", secret: { value: new Redacted(secret) }, scope: "file:read file:write" });
  return endpoint;
}

const credentials = { client_id: "app", client_secret: secret };

test("a token is checked, signed, recorded and sent, in this order", async () => {
  let letRecord = () => {};
  const events: string[] = [];
  const endpoint = await withClient({
    recorder: {
      record: () => {
        events.push("record");
        return new Promise<void>((resolve) => {
          letRecord = resolve;
        });
      },
    },
  });
  const answer = endpoint.post(credentials).then(({ status }) => events.push(`answer ${status}`));
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.deepEqual([...endpoint.events, ...events], ["find", "sign", "record"]);
  letRecord();
  await answer;
  assert.deepEqual(events, ["record", "answer 200"]);
});

test("a refusal is sent only after it is recorded, and nothing is signed for it", async () => {
  let letRecord = () => {};
  const events: string[] = [];
  const endpoint = await withClient({
    recorder: {
      record: () => {
        events.push("record");
        return new Promise<void>((resolve) => {
          letRecord = resolve;
        });
      },
    },
  });
  const answer = endpoint
    .post({ ...credentials, client_secret: "x" })
    .then(({ status }) => events.push(`answer ${status}`));
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.deepEqual([...endpoint.events, ...events], ["find", "record"]);
  letRecord();
  await answer;
  assert.deepEqual(events, ["record", "answer 401"]);
});

for (const [outcome, form] of [
  ["a token", credentials],
  ["a refusal", { ...credentials, scope: '"' }],
] as const) {
  test(`${outcome} that cannot be recorded is not sent`, async () => {
    for (const record of [
      () => {
        throw new Error("disk full");
      },
      () => Promise.reject(new Error("disk full")),
    ]) {
      const endpoint = await withClient({ recorder: { record } });
      await assert.rejects(endpoint.post(form), /disk full/);
    }
  });
}

test("each request leaves one record, whether it succeeds or fails", async () => {
  const endpoint = await withClient();
  const forms = [
    credentials,
    { ...credentials, client_secret: "x" },
    { ...credentials, scope: "graph:read" },
    { grant_type: "x" },
  ];
  for (const form of forms) await endpoint.post(form);
  assert.deepEqual(
    endpoint.records.map((record) => (record.event === "token_refused" ? record.reason : "issued")),
    ["issued", "unknown_credentials", "scope_not_granted", "other_grant_type"],
  );
});

test("the record of a token has its client, secret, scope, jti and expiry", async () => {
  const endpoint = await withClient();
  const { body } = await endpoint.post(
    { ...credentials, scope: "file:read" },
    { requestId: "r-1", address: "198.51.100.7" },
  );
  const claims = JSON.parse(Buffer.from(String(body["access_token"]).split(".")[1] ?? "", "base64url").toString());
  const [record] = endpoint.records;
  assert.ok(record?.event === "token_issued");
  const { id, actor, ...rest } = record;
  assert.match(id, /./);
  assert.ok(actor.type === "client");
  assert.match(String(actor.secretId), /^[a-z0-9]{16}$/);
  assert.deepEqual([actor.clientId, actor.jti], ["app", claims.jti]);
  assert.deepEqual(rest, {
    event: "token_issued",
    requestId: "r-1",
    at: endpoint.clock.now(),
    path: "/oauth2/token",
    address: "198.51.100.7",
    version: "2026-01-01",
    keyId: "key-1",
    scope: "file:read",
    expiresAt: claims.exp,
    askedScope: record.askedScope,
  });
});

test("the record of a refusal does not name a client unless its secret was right, because people paste secrets there", async () => {
  const endpoint = await withClient();
  await endpoint.post({ ...credentials, client_secret: "x" });
  await endpoint.post({ client_id: secret, client_secret: "app" });
  await endpoint.post({ client_id: "a\u0000b", client_secret: "x" });
  assert.deepEqual(
    endpoint.records.map((record) => [record.actor.type, record.event === "token_refused" && record.reason]),
    [
      ["unknown", "unknown_credentials"],
      ["unknown", "id_and_secret_swapped"],
      ["unknown", "unknown_credentials"],
    ],
  );
});

test("no record and no error contains a secret or a token, wherever the request put it", async () => {
  const endpoint = await withClient();
  const planted = new Redacted(`Bearer ${secret}`);
  const { body } = await endpoint.post(credentials);
  await endpoint.post({ grant_type: secret });
  await endpoint.post({ client_id: secret, client_secret: secret });
  await endpoint.post({ ...credentials, scope: secret });
  await endpoint.post({ ...credentials, scope: `"${secret}` });
  await endpoint.post({}, { version: resolveVersion(secret, "2026-01-01") });
  await endpoint.post({}, { contentType: `text/${secret};${secret}` });
  await endpoint.post({}, { query: new Redacted(`client_secret=${secret}`) });
  await endpoint.post({}, { authorization: [planted, planted] });
  await endpoint.post({}, { authorization: [new Redacted(`Basic ${secret}`)] });
  await endpoint.post(
    {},
    { authorization: [new Redacted(`Basic ${Buffer.from(`${secret}:${secret}`).toString("base64")}`)] },
  );
  await endpoint.post({}, { body: new Redacted(`{"client_secret":"${secret}"`), contentType: "application/json" });
  await endpoint.post({}, { body: new Redacted(`${secret}=%`) });
  assert.equal(endpoint.records.length, 13);
  // A record names a well-formed media type, so this leaves out the case that puts the secret in one
  const records = inspect(
    endpoint.records.filter((_, at) => at !== 6),
    { depth: 9, maxStringLength: null },
  );
  assert.ok(!records.includes(secret), records);
  assert.ok(!records.includes(String(body["access_token"])));
});

test("the deprecated path issues tokens until the sunset, and answers every request with 410 from then on [RFC8594 §3]", async () => {
  const endpoint = await withClient();
  const path = paths.deprecatedToken;
  endpoint.clock.set("2029-01-30T23:59:59.999Z");
  assert.equal((await endpoint.post(credentials, { path })).status, 200);
  endpoint.clock.set("2029-01-31T00:00:00.000Z");
  for (const form of [credentials, { ...credentials, client_secret: "x" }, { grant_type: "x" }]) {
    const { status, body } = await endpoint.post(form, { path });
    assert.equal(status, 410);
    assert.equal(body["error"], "invalid_request");
    assert.match(String(body["error_description"]), /\/oauth2\/token/);
  }
  assert.equal((await endpoint.post(credentials, { path: paths.token })).status, 200);
});

test("invalid requests are refused in the order of the contract", async () => {
  const endpoint = await withClient();
  const contentType = "text/plain";
  const query = new Redacted("client_secret=x");
  const version = resolveVersion("latest", "2026-01-01");
  endpoint.clock.set("2030-01-01T00:00:00Z");
  await endpoint.post({ grant_type: "x" }, { contentType, query, version, path: paths.deprecatedToken });
  await endpoint.post({ grant_type: "x" }, { contentType, query, version });
  await endpoint.post({ grant_type: "x" }, { contentType, query });
  await endpoint.post({ grant_type: "x" }, { contentType });
  await endpoint.post({ grant_type: "x", client_id: "nobody", client_secret: "x", scope: '"' });
  await endpoint.post({ client_id: "nobody", client_secret: "x", scope: '"' });
  await endpoint.post({ ...credentials, scope: '"' });
  assert.deepEqual(
    endpoint.records.map((record) => record.event === "token_refused" && record.reason),
    [
      "path_sunset",
      "bad_version",
      "credentials_in_query",
      "bad_content_type",
      "other_grant_type",
      "unknown_credentials",
      "scope_malformed",
    ],
  );
});

test("a body that was not UTF-8 is refused, and the description says what to do", async () => {
  const endpoint = await withClient();
  const { status, body } = await endpoint.post({}, { body: undefined });
  assert.equal(status, 400);
  assert.match(String(body["error_description"]), /UTF-8.*not compressed/);
});
