import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { matchesToken } from "@carnet/core/revocation/revocation";
import { Redacted } from "@carnet/protocol/redacted";
import { type TestAnswer, TestEndpoint } from "@carnet/testkit/test-endpoint";
import fc from "fast-check";

const secret = "planted-secret-0123456789";
const start = Date.parse("2026-11-21T12:00:00Z") / 1000;

/** The token endpoint with one client. `cutOffs`: by the handle of a client, or "" for the whole service. */
async function endpointWith(cutOffs: Map<string, number>) {
  const issuedUntil = (handle: string) => Math.max(cutOffs.get(handle) ?? 0, cutOffs.get("") ?? 0);
  const endpoint = new TestEndpoint({ cutOffs: { issuedUntil } });
  const { client } = await endpoint.register({ client_id: "app", secret: { value: new Redacted(secret) } });
  return { endpoint, handle: client.handle, ask: () => endpoint.post({ client_id: "app", client_secret: secret }) };
}

const claimsOf = ({ body }: TestAnswer) =>
  JSON.parse(Buffer.from(String(body["access_token"]).split(".")[1] ?? "", "base64url").toString());

suite("a cut-off that a process knows", () => {
  for (const scope of ["the client", "the whole service"]) {
    test(`of ${scope} stops tokens until its instant has passed, and not a millisecond longer`, async () => {
      const cutOffs = new Map<string, number>();
      const { endpoint, handle, ask } = await endpointWith(cutOffs);
      cutOffs.set(scope === "the client" ? handle : "", start + 1);
      for (const [time, retryAfter] of [
        ["2026-11-21T12:00:00.000Z", "2"],
        ["2026-11-21T12:00:00.001Z", "2"],
        ["2026-11-21T12:00:01.000Z", "1"],
        ["2026-11-21T12:00:01.999Z", "1"],
      ] as const) {
        endpoint.clock.set(time);
        const { status, headers, body } = await ask();
        assert.deepEqual([status, body["error"], headers["Retry-After"]], [503, "temporarily_unavailable", retryAfter]);
      }
      endpoint.clock.set("2026-11-21T12:00:02.000Z");
      const answer = await ask();
      assert.equal(answer.status, 200);
      assert.equal(claimsOf(answer).iat, start + 2);
    });
  }

  test("of another client stops nothing", async () => {
    const { ask } = await endpointWith(new Map([["another", start + 9]]));
    assert.equal((await ask()).status, 200);
  });

  test("lets no token be signed, and the refusal is recorded with its client and reason", async () => {
    const { endpoint, ask } = await endpointWith(new Map([["", start + 1]]));
    await ask();
    assert.deepEqual(endpoint.events, ["find", "record"]);
    const [record] = endpoint.records;
    assert.ok(record?.event === "token_refused" && record.actor.type === "client");
    assert.deepEqual([record.reason, record.actor.clientId], ["cut_off", "app"]);
    assert.deepEqual(record.facts, { issued_until: "2026-11-21T12:00:01.000Z" });
  });

  test("tells a caller with a wrong secret, or with a scope that is not granted, nothing", async () => {
    const { endpoint } = await endpointWith(new Map([["", start + 1]]));
    const wrong = await endpoint.post({ client_id: "app", client_secret: "wrong" });
    assert.equal(wrong.status, 401);
    const malformed = await endpoint.post({ client_id: "app", client_secret: secret, scope: '"' });
    assert.equal(malformed.status, 400);
  });

  test("matches no token that is issued after it is known, whatever the times", async () => {
    const cutOffs = new Map<string, number>();
    const { endpoint, handle, ask } = await endpointWith(cutOffs);
    let issued = 0;
    const time = fc.integer({ min: 0, max: 4000 });
    await fc.assert(
      fc.asyncProperty(time, time, fc.boolean(), async (instant, now, isOfService) => {
        cutOffs.clear();
        const subject = isOfService ? "" : handle;
        const issuedUntil = Math.floor(start + instant / 1000) + 1;
        cutOffs.set(subject, issuedUntil);
        endpoint.clock.set(new Date(start * 1000 + now).toISOString());
        const answer = await ask();
        if (answer.status !== 200) return assert.equal(answer.status, 503);
        issued++;
        const token = { claims: claimsOf(answer), keyId: "key-1", idHash: "hash" };
        assert.equal(matchesToken({ kind: "cut_off", subject, issuedUntil }, token), false);
      }),
    );
    assert.ok(issued > 0);
  });
});
