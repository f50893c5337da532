import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { Redacted } from "@carnet/protocol/redacted";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

/** Counts what each kind of refusal asks of the ports: an unknown client must not be told from a wrong secret by it. */

const imported = "imported-secret-0123456789";
const other = "another-client-secret-0123456789";
const human = "hunter2";

interface Work {
  readonly finds: number;
  readonly fast: number;
  readonly compares: number;
  readonly slow: number;
}

interface Attempt {
  readonly what: string;
  readonly form: Record<string, string>;
  readonly changes?: Partial<TokenRequestMessage>;
}

async function createEndpoint(withHuman: boolean): Promise<{ endpoint: TestEndpoint; generated: string }> {
  const endpoint = new TestEndpoint();
  const given = { secret: { value: new Redacted(imported) }, scope: "a" };
  const { generatedSecret } = await endpoint.register({ client_id: "generated" });
  await endpoint.register({ ...given, client_id: "imported" });
  await endpoint.register({ ...given, client_id: "other", secret: { value: new Redacted(other) } });
  await endpoint.register({ ...given, client_id: "disabled", status: "disabled" });
  await endpoint.register({ ...given, client_id: "expired", expires_at: "2026-12-01" });
  await endpoint.register({ ...given, client_id: "elsewhere", ip_allowlist: ["203.0.113.0/24", "2001:db8::/32"] });
  await endpoint.register({ ...given, client_id: "old-secret" });
  await endpoint.register({ ...given, client_id: "many" });
  const ownOf = async (id: "old-secret" | "many") =>
    (await allClients(endpoint.store)).find(({ clientId }) => clientId === id);
  const old = await ownOf("old-secret");
  const many = await ownOf("many");
  assert.ok(old && many);
  endpoint.store.change("old-secret", { secrets: old.secrets.map((secret) => ({ ...secret, expiresAt: 1 })) });
  for (const [client_id, changes] of [
    ["revoked", { revokedAt: 1 }],
    ["pending", { notBefore: Number.MAX_SAFE_INTEGER }],
    ["idle", { idle: { since: 1, after: 1 } }],
  ] as const) {
    const { client } = await endpoint.register({ ...given, client_id });
    endpoint.store.change(client_id, { secrets: client.secrets.map((secret) => ({ ...secret, ...changes })) });
  }
  endpoint.store.change("many", { secrets: Array.from({ length: 10 }, () => many.secrets).flat() });
  if (withHuman) {
    await endpoint.register({ ...given, client_id: "human", secret: { value: new Redacted(human) } });
    await endpoint.register({
      ...given,
      client_id: "human-disabled",
      secret: { value: new Redacted(human) },
      status: "disabled",
    });
    const twoSecrets = (await allClients(endpoint.store)).find(({ clientId }) => clientId === "human");
    assert.ok(twoSecrets);
    await endpoint.register({ ...given, client_id: "human-many", secret: { value: new Redacted(human) } });
    endpoint.store.change("human-many", {
      secrets: [...twoSecrets.secrets, ...twoSecrets.secrets, ...twoSecrets.secrets],
    });
  }
  endpoint.clock.set("2026-12-02T00:00:00Z");
  return { endpoint, generated: generatedSecret?.reveal() ?? "" };
}

const attempts = (generated: string, withHuman: boolean): readonly Attempt[] => [
  { what: "no credentials", form: {} },
  { what: "a client id without a secret", form: { client_id: "imported" } },
  { what: "a client id that none can have", form: { client_id: "a\u0000", client_secret: "x" } },
  { what: "Basic that is broken", form: {}, changes: { authorization: [new Redacted("Basic !!!")] } },
  { what: "a scheme that is unknown", form: {}, changes: { authorization: [new Redacted("Digest x")] } },
  { what: "an unknown client", form: { client_id: "nobody", client_secret: "x" } },
  { what: "an unknown client with a generated secret", form: { client_id: "nobody", client_secret: generated } },
  { what: "a wrong secret, generated", form: { client_id: "generated", client_secret: "x" } },
  { what: "a mistyped secret", form: { client_id: "generated", client_secret: `${generated.slice(0, -1)}!` } },
  {
    what: "a secret with the right id",
    form: { client_id: "generated", client_secret: `${generated.slice(0, -9)}AA${generated.slice(-7)}` },
  },
  { what: "a wrong secret, imported", form: { client_id: "imported", client_secret: "x" } },
  { what: "another client's secret", form: { client_id: "imported", client_secret: other } },
  { what: "a client with ten secrets", form: { client_id: "many", client_secret: "x" } },
  { what: "a disabled client", form: { client_id: "disabled", client_secret: imported } },
  { what: "a disabled client with a wrong secret", form: { client_id: "disabled", client_secret: "x" } },
  { what: "an expired client", form: { client_id: "expired", client_secret: imported } },
  { what: "a wrong address", form: { client_id: "elsewhere", client_secret: imported } },
  {
    what: "a wrong address that is none",
    form: { client_id: "elsewhere", client_secret: imported },
    changes: { address: "" },
  },
  { what: "a secret that was revoked", form: { client_id: "revoked", client_secret: imported } },
  { what: "a secret that is not valid yet", form: { client_id: "pending", client_secret: imported } },
  { what: "a secret that was idle", form: { client_id: "idle", client_secret: imported } },
  { what: "a secret that has expired", form: { client_id: "old-secret", client_secret: imported } },
  ...(withHuman
    ? [
        { what: "a wrong secret, human", form: { client_id: "human", client_secret: "x" } },
        { what: "a wrong secret, several human", form: { client_id: "human-many", client_secret: "x" } },
        { what: "a disabled client, human", form: { client_id: "human-disabled", client_secret: human } },
      ]
    : []),
];

for (const [where, withHuman, expected] of [
  ["where no secret is slow-hashed", false, { finds: 1, fast: 1, compares: 2, slow: 0 }],
  ["where a secret is slow-hashed", true, { finds: 1, fast: 1, compares: 3, slow: 1 }],
] as const) {
  test(`every kind of 401 takes the same work and gives the same bytes, ${where}, the first time and the second`, async () => {
    const { endpoint, generated } = await createEndpoint(withHuman);
    const [model] = attempts(generated, withHuman);
    assert.ok(model);
    const { answer: first } = await workOf(endpoint, model);
    for (let round = 0; round < 2; round++) {
      for (const attempt of attempts(generated, withHuman)) {
        const { work, answer } = await workOf(endpoint, attempt);
        assert.equal(answer.status, 401, attempt.what);
        assert.deepEqual(answer, first, attempt.what);
        assert.deepEqual(work, expected, attempt.what);
      }
    }
  });

  test(`Basic credentials with two readings take twice that for everybody, ${where}`, async () => {
    const { endpoint } = await createEndpoint(withHuman);
    const twice = Object.fromEntries(Object.entries(expected).map(([port, count]) => [port, 2 * count]));
    for (const clientId of ["imported", "disabled", "nobody", "generated"]) {
      const header = Buffer.from(`${clientId}:a%41b`).toString("base64");
      const attempt = { what: clientId, form: {}, changes: { authorization: [new Redacted(`Basic ${header}`)] } };
      assert.deepEqual((await workOf(endpoint, attempt)).work, twice, clientId);
    }
  });

  test(`an honest caller that is in memory costs one fast hash, one comparison and no reading, ${where}`, async () => {
    const { endpoint, generated } = await createEndpoint(withHuman);
    for (const form of [
      { client_id: "generated", client_secret: generated },
      { client_id: "many", client_secret: imported },
    ]) {
      await workOf(endpoint, { what: "first", form });
      const { work, answer } = await workOf(endpoint, { what: "second", form });
      assert.equal(answer.status, 200);
      assert.deepEqual(work, { finds: 0, fast: 1, compares: 1, slow: 0 });
    }
  });
}

async function workOf(endpoint: TestEndpoint, { form, changes }: Attempt) {
  const before = total(endpoint);
  const answer = await endpoint.post(form, changes);
  const after = total(endpoint);
  const work: Work = {
    finds: after.finds - before.finds,
    fast: after.fast - before.fast,
    compares: after.compares - before.compares,
    slow: after.slow - before.slow,
  };
  return { work, answer };
}

const total = ({ store, hasher }: TestEndpoint): Work => ({ finds: store.finds, ...hasher.counts });
