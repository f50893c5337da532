import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type RevocationInput, revoke } from "@carnet/core/admin/revoke-tokens";
import { maxRevokedTokens } from "@carnet/core/revocation/revoke-token";
import { Redacted } from "@carnet/protocol/redacted";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { withEvent } from "@carnet/testkit/sample-events";
import { authorityOf, callerOf } from "@carnet/testkit/sample-owners";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { clientWithSecret, done, refusal } from "./support/client-with-secret.ts";

/** A client of the owner `search`, and what admins may do with its tokens. */
async function world() {
  const endpoint = new TestEndpoint();
  const { owners, store } = endpoint;
  const owner = (await owners.find("default")) ?? assert.fail();
  await owners.insert({ ...owner, name: "search" }, withEvent());
  const { client, generatedSecret } = await endpoint.register({ client_id: "app", owner: "search", scope: "a" });
  const finds: string[] = [];
  /** The limits that changes were stored with, and whether the store says that they are reached. */
  const at = { limits: [] as (number | undefined)[], isFull: false };
  const ports = {
    ...adminPortsOf(endpoint),
    store: {
      delete: store.delete.bind(store),
      replace: (...[next, change]: Parameters<typeof store.replace>) => {
        at.limits.push(change.maxRevocations);
        return at.isFull ? Promise.resolve("too_many_revocations" as const) : store.replace(next, change);
      },
      find: (clientId: typeof client.clientId) => {
        finds.push(clientId);
        return store.find(clientId);
      },
    },
  };
  return Object.assign(at, {
    ...{ endpoint, client, finds },
    async getToken(): Promise<string> {
      endpoint.ports.directory.forgetAll();
      const answer = await endpoint.post({ client_id: "app", client_secret: generatedSecret?.reveal() ?? "" });
      return String(answer.body["access_token"]);
    },
    async deleteClient(): Promise<void> {
      const found = (await store.find(client.clientId)) ?? assert.fail();
      assert.equal(await store.delete(found, withEvent()), "deleted");
    },
    revoke: ({ token, ...input }: Omit<RevocationInput, "token"> & { token?: string }, authority = ports.authority) =>
      revoke({ ...input, ...(token !== undefined && { token: new Redacted(token) }) }, { ...ports, authority }),
  });
}

const foreign = authorityOf(callerOf("operator", ["default"]), "operate");

suite("Revoking tokens", () => {
  test("revokes a hundred single tokens of a client, and with one more all of its tokens so far", async () => {
    const at = await world();
    for (let count = 0; count < maxRevokedTokens; count++)
      assert.equal(done(await at.revoke({ token: await at.getToken() })).revoked, true);
    const outcome = done(await at.revoke({ token: await at.getToken() }));
    assert.ok(outcome.revoked);
    assert.deepEqual([outcome.revocation.kind, outcome.revocation.clientId], ["cut_off", "app"]);
    const query = { now: at.endpoint.clock.now(), owners: null, clientId: null, after: 0, limit: 1000 };
    assert.equal((await at.endpoint.revocations.list(query)).length, 1);
  });

  test("limits how often a team can revoke all tokens of its clients, and not a caller over all owners", async () => {
    const at = await world();
    const team = authorityOf(callerOf("operator", ["search"]), "operate");
    assert.ok(done(await at.revoke({ client_id: "app" }, team)).revoked);
    assert.ok(done(await at.revoke({ client_id: "app" })).revoked);
    assert.deepEqual(at.limits, [10_000, undefined]);
    at.isFull = true;
    const refused = await at.revoke({ client_id: "app" }, team);
    assert.deepEqual(refusal(refused), ["policy"]);
    assert.ok(!refused.ok);
    assert.match(refused.error.detail, /of search were revoked 10000 times within a day.*ask /);
  });

  test("tells a caller of other owners the same about a foreign token, a revoked one, and one of no client", async () => {
    const at = await world();
    const [token, revoked] = [await at.getToken(), await at.getToken()];
    done(await at.revoke({ token: revoked }));
    const answers = [await at.revoke({ token }, foreign), await at.revoke({ token: revoked }, foreign)];
    await at.deleteClient();
    answers.push(await at.revoke({ token }, foreign));
    for (const answer of answers) {
      assert.deepEqual(refusal(answer), ["not_found"]);
      assert.ok(!answer.ok);
      assert.equal(answer.error.detail, "no client with this id is registered");
    }
  });

  test("reads as much for a foreign client as for one that does not exist", async () => {
    const at = await world();
    const token = await at.getToken();
    const readsFor = async (input: Parameters<typeof at.revoke>[0]) => {
      at.finds.length = 0;
      assert.deepEqual(refusal(await at.revoke(input, foreign)), ["not_found"]);
      return at.finds.length;
    };
    assert.equal(await readsFor({ token }), 1);
    for (const client_id of ["app", "nobody"]) {
      assert.equal(await readsFor({ client_id }), 1);
      assert.equal(await readsFor({ client_id, secret_id: "aaaaaaaaaaaaaaaa" }), 1);
      assert.equal(await readsFor({ client_id, issued_before: "1h" }), 1);
    }
    await at.deleteClient();
    assert.equal(await readsFor({ token }), 1);
  });

  test("of all clients needs an admin over all owners", async () => {
    const at = await world();
    const input = { issued_before: "1h" };
    for (const [role, owners] of [
      ["operator", null],
      ["admin", ["search"]],
    ] as const)
      assert.deepEqual(refusal(await at.revoke(input, authorityOf(callerOf(role, owners), "operate"))), [
        "insufficient_role",
      ]);
    assert.equal(done(await at.revoke(input, authorityOf(callerOf("admin", null), "operate"))).revoked, true);
  });

  test("accepts the present instant, and refuses one that is a millisecond later", async () => {
    const at = await world();
    const instant = (after: number) => new Date(at.endpoint.clock.now() + after).toISOString();
    done(await at.revoke({ client_id: "app", issued_before: instant(0) }));
    const later = await at.revoke({ client_id: "app", issued_before: instant(1) });
    assert.deepEqual(refusal(later), ["invalid", "/issued_before"]);
  });
});

suite("A revoked secret", () => {
  test("loses its tokens if they are to be revoked with it, also afterwards", async () => {
    const at = await clientWithSecret();
    const { secretId, handle } = at.first;
    const handleNow = async () => (await at.kept()).secrets[0]?.handle;
    done(await at.revoke(secretId));
    assert.equal(await handleNow(), handle);
    const { revokedAt } = (await at.kept()).secrets[0] ?? assert.fail();
    at.endpoint.clock.advance(1000);
    done(await at.revoke(secretId, true));
    assert.notEqual(await handleNow(), handle);
    assert.equal((await at.kept()).secrets[0]?.revokedAt, revokedAt);
  });
});
