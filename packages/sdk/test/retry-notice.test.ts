import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionError, type RetryNotice } from "@carnet/sdk";
import { ManualClock } from "./support/manual-clock.ts";
import { connectionRefused, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { sdkFor } from "./support/sdk-for.ts";

/** Gets a token from a server that fails twice. */
async function tokenAfterRetries(onRetry: (notice: RetryNotice) => void): Promise<string> {
  const clock = new ManualClock({ skipWaits: true });
  const failures = [() => new Response("no", { status: 503, headers: { "retry-after": "2" } }), connectionRefused];
  const net = network(() => (failures.shift() ?? tokenAnswer)());
  const sdk = sdkFor(net, { clock, random: () => 0.5, hooks: { onRetry } });
  return (await sdk.iam.tokenRequest()).accessToken;
}

test("onRetry is told before each wait how long it is, why, and which attempt comes next", async () => {
  const notices: RetryNotice[] = [];
  assert.notEqual(await tokenAfterRetries((notice) => notices.push(notice)), "");
  const [answered, lost] = notices;
  assert.deepEqual(answered, { attempt: 2, attempts: 6, waitMs: 2000, status: 503, error: undefined });
  assert.ok(lost?.error instanceof ConnectionError);
  assert.deepEqual(
    { ...lost, error: undefined },
    {
      attempt: 3,
      attempts: 6,
      waitMs: 375,
      status: undefined,
      error: undefined,
    },
  );
  assert.equal(notices.length, 2);
});

test("an onRetry that throws or rejects does not fail the call", async () => {
  for (const onRetry of [() => assert.fail("hook"), async () => assert.fail("hook")])
    assert.notEqual(await tokenAfterRetries(onRetry), "");
});
