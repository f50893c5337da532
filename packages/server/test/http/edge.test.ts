import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { buildApp } from "@carnet/server/http/app";
import type { HttpPorts } from "@carnet/server/http/http-ports";
import type { Log } from "@carnet/server/log/logger";
import { answerOf } from "@carnet/testkit/answer-of";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import { noKeys } from "@carnet/testkit/no-keys";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const fail = (): never => {
  throw new Error("broken");
};
const brokenLog: Log = { debug: fail, info: fail, warn: fail, fault: fail };

/** The service with some ports that throw. */
function serviceWith(token: Partial<TestEndpoint["ports"]>, http: Partial<HttpPorts> = {}) {
  const endpoint = new TestEndpoint(token);
  const keys = { ...noKeys, published: [{}] };
  return buildApp(httpPortsOf(endpoint, { keys, storeName: "postgres://carnet@db.internal:5432/carnet", ...http }));
}

const random = { bytes: (length: number) => new Uint8Array(length), uuid: fail };
const tokenRequest = {
  method: "POST",
  url: "/iam/v1/oauth2/token",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  payload: "grant_type=client_credentials&client_id=app&client_secret=x",
} as const;

suite("An exception", () => {
  for (const [where, app] of [
    ["while the request id is generated", serviceWith({ random })],
    ["of the clock", serviceWith({ clock: { now: fail } })],
    ["of the recorder", serviceWith({ recorder: { record: fail } })],
    ["of the recorder and the log", serviceWith({ recorder: { record: fail } }, { log: brokenLog })],
    ["of the draining check, after the body has arrived", serviceWith({}, { isDraining: fail })],
  ] as const) {
    test(`${where} gets 500 for a token request, and does not end the process`, async () => {
      const answer = await answerOf(app, tokenRequest);
      assert.equal(answer.statusCode, 500);
      assert.equal(answer.json().error, "server_error");
      assert.ok(answer.headers["x-request-id"]);
    });
  }

  for (const [where, url, app] of [
    ["while the request id is generated", "/health/live", serviceWith({ random })],
    ["of the draining check", "/docs", serviceWith({}, { isDraining: fail })],
    ["of the store check", "/health/ready", serviceWith({}, { checkStore: fail })],
  ] as const) {
    test(`${where} gets 500 for ${url}, and does not end the process`, async () => {
      const answer = await answerOf(app, url);
      assert.equal(answer.statusCode, 500);
      assert.equal(answer.json().error, "server_error");
      assert.ok(answer.headers["x-request-id"]);
    });
  }

  test("on a path of the admin API gets a problem document", async () => {
    const answer = await answerOf(serviceWith({}, { isDraining: fail }), "/admin/v1/clients");
    assert.equal(answer.statusCode, 500);
    assert.equal(answer.headers["content-type"], "application/problem+json;charset=UTF-8");
    assert.equal(answer.json().request_id, answer.headers["x-request-id"]);
  });
});
