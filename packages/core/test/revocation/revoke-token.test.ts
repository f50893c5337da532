// Revoking single tokens when clocks differ, when they have just expired, and at full speed.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { answerRevocationRequest } from "@carnet/core/revocation/revocation-endpoint";
import { maxRevokedTokens, revokeIssuedBefore } from "@carnet/core/revocation/revoke-token";
import { verifyAccessToken } from "@carnet/core/token/check-access-token";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { TestEndpoint, tokenRequestMessage } from "@carnet/testkit/test-endpoint";

const secret = "planted-secret-0123456789";
const credentials = { client_id: "app", client_secret: secret };

async function world() {
  const endpoint = new TestEndpoint();
  const { client } = await endpoint.register({ client_id: "app", secret: { value: new Redacted(secret) } });
  return {
    ...{ endpoint, client },
    getToken: async () => String((await endpoint.post(credentials)).body["access_token"]),
    async revoke(token: string): Promise<void> {
      const body = new Redacted(new URLSearchParams({ ...credentials, token }).toString());
      const message = { ...tokenRequestMessage({ body }), path: paths.revoke, version: undefined };
      assert.equal((await answerRevocationRequest(message, endpoint.ports)).status, 200);
    },
    /** Whether a revocation matches a token, for a verifier whose clock is right. */
    async isRevoked(token: string, issuedAt: number): Promise<boolean> {
      const verified = (await verifyAccessToken(token, issuedAt, endpoint.ports)) ?? assert.fail("it is no token");
      return (await endpoint.revocations.find(verified, issuedAt)) !== undefined;
    },
    revokedSoFar: () => endpoint.revocations.list({ now: 0, owners: null, clientId: null, after: 0, limit: 1000 }),
  };
}

suite("Revoking one token", () => {
  test("counts for a token that expired less than a minute ago, because verifiers may still accept it", async () => {
    const at = await world();
    const [token, old] = [await at.getToken(), await at.getToken()];
    const issuedAt = at.endpoint.clock.now();
    at.endpoint.clock.advance(600_000 + 59_999);
    await at.revoke(token);
    assert.equal(await at.isRevoked(token, issuedAt), true);
    at.endpoint.clock.advance(1);
    await at.revoke(old);
    assert.equal(await at.isRevoked(old, issuedAt), false);
  });

  test("outlasts a cut-off by a node whose clock is behind the one that issued it", async () => {
    const at = await world();
    const issuedAt = at.endpoint.clock.now();
    const token = await at.getToken();
    at.endpoint.clock.advance(-300_000);
    await at.revoke(token);
    at.endpoint.clock.advance(1000);
    const cutOff = { instant: at.endpoint.clock.now(), client: at.client };
    const ports = { ...at.endpoint.ports, origin: at.endpoint.origin };
    assert.ok(await revokeIssuedBefore(cutOff, ports));
    assert.equal(await at.isRevoked(token, issuedAt), true);
  });

  test("of too many takes back all tokens so far, including those from a node whose clock is ahead", async () => {
    const at = await world();
    const issuedAt = at.endpoint.clock.now();
    const tokens: string[] = [];
    for (let count = 0; count <= maxRevokedTokens; count++) tokens.push(await at.getToken());
    at.endpoint.clock.advance(-300_000);
    for (const token of tokens) await at.revoke(token);
    for (const token of tokens) assert.equal(await at.isRevoked(token, issuedAt), true);
    assert.equal((await at.revokedSoFar()).length, 1);
  });

  test("adds nothing for tokens that a cut-off has revoked, however many a client has", async () => {
    const at = await world();
    const tokens: string[] = [];
    for (let count = 0; count < 3 * maxRevokedTokens; count++) tokens.push(await at.getToken());
    for (const token of tokens) await at.revoke(token);
    assert.deepEqual(
      (await at.revokedSoFar()).map(({ kind }) => kind),
      ["cut_off"],
    );
    const events = at.endpoint.records.filter(({ event }) => event === "tokens_revoked");
    assert.equal(events.length, maxRevokedTokens + 1);
  });
});
