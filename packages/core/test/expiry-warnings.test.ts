import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import { type ExpiryWarning, warningDays, warningsFor, warningsOf } from "@carnet/core/client/expiry-warnings";
import { plainClient, secretOf } from "@carnet/testkit/sample-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const now = Date.UTC(2026, 10, 21);
const day = 86_400_000;

const ending = (expiresAt: number | null): Client => ({ ...plainClient("app"), secrets: [], expiresAt });
const daysOf = (warnings: readonly ExpiryWarning[]) => warnings.map(({ withinDays }) => withinDays);

suite("A warning", () => {
  for (const [at, days] of warningDays.entries()) {
    const before = warningDays[at - 1];
    test(`of an expiry within ${days} days starts exactly ${days} days before it`, () => {
      assert.deepEqual(daysOf(warningsOf(ending(now + days * day), now)), [days]);
      assert.deepEqual(daysOf(warningsOf(ending(now + days * day - 1), now)), [days]);
      assert.deepEqual(daysOf(warningsOf(ending(now + days * day + 1), now)), before === undefined ? [] : [before]);
    });
  }

  test("continues after a client has expired, with zero days", () => {
    assert.deepEqual(daysOf(warningsOf(ending(now + 1), now)), [1]);
    assert.deepEqual(daysOf(warningsOf(ending(now), now)), [0]);
    assert.deepEqual(daysOf(warningsOf(ending(now - 1000 * day), now)), [0]);
    assert.deepEqual(warningsOf(ending(null), now), []);
  });

  test("names the client and each live secret that expires, with the time", () => {
    const secret = { ...secretOf("a"), expiresAt: now + 6 * day };
    const client = { ...ending(now + 20 * day), secrets: [secret, secretOf("never")] };
    assert.deepEqual(warningsOf(client, now), [
      { what: "client", secretId: null, endsAt: now + 20 * day, withinDays: 30 },
      { what: "secret", secretId: secret.secretId, endsAt: now + 6 * day, withinDays: 7 },
    ]);
  });

  test("covers a secret that is not valid yet, but none that has ended", () => {
    const soon = { expiresAt: now + day };
    const secrets = [
      { ...secretOf("a"), ...soon, revokedAt: now - 1 },
      { ...secretOf("b"), ...soon, idle: { since: now - 2, after: 2 } },
      { ...secretOf("c"), ...soon, notBefore: now + 1 },
    ];
    const warnings = warningsOf({ ...ending(null), secrets }, now);
    assert.deepEqual(
      warnings.map(({ secretId }) => secretId),
      [secrets[2]?.secretId],
    );
  });

  test("for a caller covers its client and the secret that it used, and no other secret", () => {
    const [mine, other] = [secretOf("mine"), secretOf("other")].map((secret) => ({ ...secret, expiresAt: now + day }));
    assert.ok(mine && other);
    const client = { ...ending(now + day), secrets: [mine, other] };
    assert.deepEqual(
      warningsFor({ client, secret: mine }, now).map(({ secretId }) => secretId),
      [null, mine.secretId],
    );
    const endless = secretOf("endless");
    const without = { ...client, expiresAt: null, secrets: [endless, other] };
    assert.deepEqual(warningsFor({ client: without, secret: endless }, now), []);
  });

  test("is in the token responses of an expiring secret, even when each use extends it", async () => {
    const endpoint = new TestEndpoint();
    const { client, generatedSecret } = await endpoint.register({
      client_id: "app",
      secret: { expires_at: "2026-11-22" },
    });
    const start = endpoint.clock.now();
    const secrets = client.secrets.map((secret) => ({ ...secret, idle: { since: start, after: 60_000 } }));
    endpoint.store.change("app", { secrets });
    const form = { client_id: "app", client_secret: generatedSecret?.reveal() ?? "" };
    for (let use = 0; use < 4; use++) {
      const { status, headers } = await endpoint.post(form);
      assert.equal(status, 200);
      assert.match(headers["Carnet-Expiry-Warning"] ?? "", /secret/, `use ${use}`);
      endpoint.clock.advance(59_000);
    }
  });
});
