import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { Redacted } from "@carnet/protocol/redacted";
import { OperatorFault } from "@carnet/server/fault";
import { buildApp } from "@carnet/server/http/app";
import type { HttpPorts } from "@carnet/server/http/http-ports";
import { JournalUnavailable } from "@carnet/server/journal/journal";
import { createLog } from "@carnet/server/log/logger";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { answerOf } from "@carnet/testkit/answer-of";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import { noKeys } from "@carnet/testkit/no-keys";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secret = "planted-secret-0123456789";
const request = {
  method: "POST",
  url: "/iam/v1/oauth2/token",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  payload: `grant_type=client_credentials&client_id=app&client_secret=${secret}`,
} as const;

async function createApp(changes: Partial<TestEndpoint["ports"]>, http: Partial<HttpPorts> = {}) {
  const endpoint = new TestEndpoint(changes);
  const unrecorded = { ...endpoint, recorder: { record() {} } };
  await registerClient({ client_id: "app", secret: { value: new Redacted(secret) } }, unrecorded);
  const lines: string[] = [];
  const log = createLog("trace", { write: (line) => void lines.push(line) });
  const keys = { ...noKeys, published: [{}] };
  const app = buildApp(
    httpPortsOf(endpoint, { log, keys, storeName: "postgres://carnet@db.internal:5432/carnet", ...http }),
  );
  return { app, lines, endpoint };
}

const fail = (error: unknown) => () => {
  throw error;
};
const recorderThat = (error: unknown) => ({ recorder: { record: fail(error) } });
const signerThat = (error: unknown) => ({ signer: { sign: fail(error) } });

suite("A fault", () => {
  for (const [fault, changes, status] of [
    ["of the signer", signerThat(new Error(`cannot sign ${secret}`)), 500],
    ["of the recorder", recorderThat(new Error(`cannot write ${secret}`)), 500],
    ["of the recorder that an operator can fix", recorderThat(new OperatorFault("The disk is full: make room.")), 503],
    ["that is not an Error", signerThat(secret), 500],
  ] as const) {
    test(`${fault} gets ${status} as an OAuth error, without its message in the response or the log`, async () => {
      const { app, lines } = await createApp(changes);
      const answer = await answerOf(app, request);
      assert.equal(answer.statusCode, status);
      assert.equal(answer.headers["content-type"], "application/json;charset=UTF-8");
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.equal(answer.headers["deprecation"], "@1770854400");
      const { error, error_description, ...rest } = answer.json();
      assert.deepEqual(rest, {});
      assert.equal(error, status === 500 ? "server_error" : "temporarily_unavailable");
      assert.match(error_description, /^[\x20-\x7e]{10,}$/);
      assert.equal(answer.headers["retry-after"] !== undefined, status === 503);
      if (status === 503) assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/);
      assert.ok(!answer.body.includes(secret) && !lines.join("").includes(secret));
      const [line] = lines.filter((one) => JSON.parse(one).requestId === answer.headers["x-request-id"]);
      assert.equal(JSON.parse(line ?? "{}").event, "request_failed");
    });
  }

  for (const [input, changed] of [
    ["a body over the limit", { payload: "a".repeat(70_000) }],
    ["an invalid content type", { headers: { "content-type": ";;;" } }],
  ] as const) {
    test(`of the recorder gets 500 for ${input} too, because the refusal was not recorded`, async () => {
      const { app } = await createApp(recorderThat(new Error(secret)));
      const answer = await answerOf(app, { ...request, ...changed });
      assert.equal(answer.statusCode, 500);
      assert.deepEqual(Object.keys(answer.json()), ["error", "error_description"]);
      assert.ok(!answer.body.includes(secret));
    });
  }
});

suite("A service that cannot record", () => {
  test("answers every request of a client alike with 503, decides none of them, and logs none of them", async () => {
    const { app, lines, endpoint } = await createApp({}, { isJournalUnavailable: () => true });
    const wrong = request.payload.replace("app", "nobody");
    const queries = ["/oauth2/introspect", "/oauth2/revoke"].map((url) => ({ ...request, url }));
    const answers = [request, { ...request, payload: wrong }, { ...request, payload: "?" }, ...queries].map(
      async (one) => {
        const { statusCode, headers, body } = await answerOf(app, one);
        return { statusCode, retryAfter: headers["retry-after"], body };
      },
    );
    const [first, ...others] = await Promise.all(answers);
    assert.equal(first?.statusCode, 503);
    assert.match(String(first.retryAfter), /^[1-9]\d*$/);
    assert.equal(JSON.parse(first.body).error, "temporarily_unavailable");
    for (const other of others) assert.deepEqual(other, first);
    assert.deepEqual([endpoint.events, lines], [[], []]);
  });

  test("refuses an admin change before it is made, and still answers reads", async () => {
    const { app } = await createApp({}, { isJournalUnavailable: () => true });
    const change = await answerOf(app, { method: "POST", url: "/admin/v1/clients", payload: "{}" });
    assert.deepEqual([change.statusCode, change.json().detail], [503, sentence]);
    assert.equal((await answerOf(app, "/admin/v1/clients")).statusCode, 401);
  });

  test("answers 503 when only the record of a request fails, and leaves the log to the journal", async () => {
    const { app, lines } = await createApp(recorderThat(new JournalUnavailable()));
    const answer = await answerOf(app, request);
    assert.deepEqual([answer.statusCode, answer.json().error_description, lines], [503, sentence, []]);
  });

  test("is live but not ready", async () => {
    const { app } = await createApp({}, { isJournalUnavailable: () => true });
    assert.equal((await answerOf(app, "/health/live")).statusCode, 200);
    const ready = await answerOf(app, "/health/ready");
    assert.deepEqual([ready.statusCode, ready.json().journal], [503, false]);
  });
});

const sentence = "the service cannot record requests at the moment: try again";

suite("A draining service", () => {
  test("refuses token requests with 503, records the refusals, and closes the connections", async () => {
    const { app, endpoint } = await createApp({}, { isDraining: () => true });
    const answer = await answerOf(app, request);
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.json().error, "temporarily_unavailable");
    assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/);
    assert.equal(answer.headers["connection"], "close");
    assert.equal(endpoint.records[0]?.event === "token_refused" && endpoint.records[0].reason, "draining");
  });

  test("is live but not ready", async () => {
    const { app } = await createApp({}, { isDraining: () => true });
    assert.equal((await answerOf(app, "/health/live")).statusCode, 200);
    const ready = await answerOf(app, "/health/ready");
    assert.equal(ready.statusCode, 503);
    assert.deepEqual(ready.json(), { status: "unavailable", draining: true, keys: true, store: true, journal: true });
  });
});

suite("A readiness probe", () => {
  test("gets 200 when the keys and the store are available", async () => {
    const { app } = await createApp({});
    const ready = await answerOf(app, "/health/ready");
    assert.equal(ready.statusCode, 200);
    assert.deepEqual(ready.json(), { status: "ready", draining: false, keys: true, store: true, journal: true });
    assert.equal(ready.headers["cache-control"], "no-store");
  });

  test("gets 503 when the store fails or no key is published", async () => {
    const broken = await createApp({}, { checkStore: () => Promise.reject(new Error(secret)) });
    const answer = await answerOf(broken.app, "/health/ready");
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.json().store, false);
    assert.ok(!answer.body.includes(secret) && !broken.lines.join("").includes(secret));
    const keyless = await createApp({}, { keys: noKeys });
    assert.equal((await answerOf(keyless.app, "/health/ready")).statusCode, 503);
  });

  test("gets 200 and `degraded` while the store is away and clients in memory still get tokens, then 503", async () => {
    const since = Date.parse("2026-01-01T00:00:00Z");
    const grace = { since, ends: since + 900_000 };
    const checkStore = () =>
      Promise.reject(new StoreUnavailable("The database postgres://carnet@db.internal:5432/carnet does not answer."));
    const probe = async (isOver: boolean) => {
      const { app, lines } = await createApp({}, { checkStore, storeGrace: () => ({ ...grace, isOver }) });
      const answer = await answerOf(app, "/health/ready");
      assert.deepEqual(lines, [], "the absence is logged once, not for each probe");
      return [answer.statusCode, answer.json()];
    };
    const facts = {
      ...{ draining: false, keys: true, store: false, journal: true },
      detail: "The database CARNET_STORE does not answer.", // any stranger can read it
      ...{ store_away_since: "2026-01-01T00:00:00.000Z", grace_ends: "2026-01-01T00:15:00.000Z" },
    };
    assert.deepEqual(await probe(false), [200, { status: "degraded", ...facts }]);
    assert.deepEqual(await probe(true), [503, { status: "unavailable", ...facts }]);
  });
});
