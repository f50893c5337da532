import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { BoundedCache } from "@carnet/core/bounded-cache";
import type { ClientSecret } from "@carnet/core/client/client-secret";
import { parseSecretId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const imported = "imported-secret-0123456789";
const human = "hunter2";

/** The reason of the last refusal, or the client and secret of the last token. */
const lastOf = ({ records }: TestEndpoint) => {
  const record = records.at(-1);
  return record?.event === "token_refused" ? record.reason : record?.secretId;
};

async function secretsOf(endpoint: TestEndpoint, id: string): Promise<readonly ClientSecret[]> {
  const client = (await allClients(endpoint.store)).find(({ clientId }) => clientId === id);
  assert.ok(client);
  return client.secrets;
}

function newSecretId(text: string) {
  const id = parseSecretId(text.padStart(16, "0"));
  assert.ok(id.ok);
  return id.value;
}

suite("A client is authenticated", () => {
  for (const [kind, secret] of [
    ["generated", undefined],
    ["imported", imported],
    ["human", human],
  ] as const) {
    test(`by its ${kind} secret, the first time and from memory, and by no other`, async () => {
      const endpoint = new TestEndpoint();
      const given = secret === undefined ? {} : { secret: { value: new Redacted(secret) } };
      const { client, generatedSecret } = await endpoint.register({ client_id: "app", ...given });
      const right = secret ?? generatedSecret?.reveal() ?? "";
      assert.equal(client.secrets[0]?.kind, kind);
      for (let round = 0; round < 2; round++) {
        assert.equal((await endpoint.post({ client_id: "app", client_secret: right })).status, 200);
        assert.equal(lastOf(endpoint), client.secrets[0]?.secretId);
        for (const wrong of [`${right}x`, right.slice(0, -1), right.toUpperCase(), "x"]) {
          assert.equal((await endpoint.post({ client_id: "app", client_secret: wrong })).status, 401, wrong);
          assert.equal(lastOf(endpoint), "wrong_secret");
        }
      }
    });
  }

  test("by any of several secrets of all kinds", async () => {
    const endpoint = new TestEndpoint();
    const { generatedSecret } = await endpoint.register({ client_id: "app" });
    const own = await secretsOf(endpoint, "app");
    const salt = new Uint8Array(16).fill(3);
    const slow = await endpoint.hasher.slowDigest(human, salt);
    assert.ok(slow.ok);
    const common = {
      label: null,
      prefix: "",
      createdAt: 0,
      notBefore: null,
      expiresAt: null,
      idle: null,
      revokedAt: null,
      lastUse: null,
    };
    endpoint.store.change("app", {
      secrets: [
        {
          ...common,
          secretId: newSecretId("1"),
          kind: "imported",
          digest: endpoint.hasher.digest("app", imported),
          salt: new Uint8Array(),
        },
        { ...common, secretId: newSecretId("2"), kind: "human", digest: slow.value, salt },
        ...own,
      ],
    });
    for (const [secret, id] of [
      [imported, newSecretId("1")],
      [human, newSecretId("2")],
      [generatedSecret?.reveal() ?? "", own[0]?.secretId],
    ] as const) {
      assert.equal((await endpoint.post({ client_id: "app", client_secret: secret })).status, 200);
      assert.equal(lastOf(endpoint), id);
    }
  });

  test("not by the generated secret of another client, though it carries its own id", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app" });
    const { generatedSecret } = await endpoint.register({ client_id: "other" });
    await endpoint.post({ client_id: "app", client_secret: generatedSecret?.reveal() ?? "" });
    assert.equal(lastOf(endpoint), "wrong_secret");
  });

  test("so that one secret which two clients imported is kept under two digests", async () => {
    const endpoint = new TestEndpoint();
    for (const id of ["one", "two"])
      await endpoint.register({ client_id: id, secret: { value: new Redacted(imported) } });
    const [one, two] = [await secretsOf(endpoint, "one"), await secretsOf(endpoint, "two")];
    assert.notDeepEqual(one[0]?.digest, two[0]?.digest); // the digest is bound to the client
  });

  test("with an expired secret only until the moment of its expiry", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    const expiresAt = Date.parse("2026-11-22T00:00:00Z");
    endpoint.store.change("app", {
      secrets: (await secretsOf(endpoint, "app")).map((secret) => ({ ...secret, expiresAt })),
    });
    endpoint.clock.set("2026-11-21T23:59:59.999Z");
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
    endpoint.clock.set("2026-11-22T00:00:00.000Z");
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 401);
    assert.equal(lastOf(endpoint), "secret_expired");
  });

  test("as a client only until the moment of its expiry", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) }, expires_at: "2026-11-22" });
    endpoint.clock.set("2026-11-21T23:59:59.999Z");
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
    endpoint.clock.set("2026-11-22T00:00:00.000Z");
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 401);
    assert.equal(lastOf(endpoint), "client_expired");
  });

  test("only from the addresses of its list, an IPv4 address mapped into IPv6 included", async () => {
    const endpoint = new TestEndpoint();
    const ip_allowlist = ["203.0.113.0/24", "2001:db8::/32"];
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) }, ip_allowlist });
    for (const [address, status] of [
      ["203.0.113.9", 200],
      ["::ffff:203.0.113.9", 200],
      ["2001:db8::9", 200],
      ["203.0.114.9", 401],
      ["::ffff:203.0.114.9", 401],
      ["2001:db9::9", 401],
      ["::1", 401],
      ["unknown", 401],
      ["", 401],
    ] as const) {
      assert.equal(
        (await endpoint.post({ client_id: "app", client_secret: imported }, { address })).status,
        status,
        address,
      );
    }
    assert.equal(lastOf(endpoint), "address_not_allowed");
  });

  test("so that the log says of a mistyped generated secret that it is one, and only of a known client", async () => {
    const endpoint = new TestEndpoint();
    const { generatedSecret } = await endpoint.register({ client_id: "app" });
    const right = generatedSecret?.reveal() ?? "";
    const mistyped = `${right.slice(0, 30)}${right[30] === "A" ? "B" : "A"}${right.slice(31)}`;
    await endpoint.post({ client_id: "app", client_secret: mistyped });
    await endpoint.post({ client_id: "nobody", client_secret: mistyped });
    assert.deepEqual(
      endpoint.records.map((record) => record.event === "token_refused" && /mistyped/.test(record.detail)),
      [true, false],
    );
  });
});

suite("What is in memory", () => {
  test("is read again before anybody is refused on it", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) }, status: "disabled" });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 401);
    endpoint.store.change("app", { status: "active" });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
  });

  test("lets a secret that was added elsewhere in at once", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
    const next = "the-next-secret-0123456789";
    const [own] = await secretsOf(endpoint, "app");
    assert.ok(own);
    const added = { ...own, secretId: newSecretId("next"), digest: endpoint.hasher.digest("app", next) };
    endpoint.store.change("app", { secrets: [own, added] });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: next })).status, 200);
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
  });
});

suite("A secret under the slow hash", () => {
  test("is hashed slowly once, and never again once it is proven", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(human) } });
    endpoint.hasher.counts.slow = 0;
    for (let request = 0; request < 5; request++) {
      assert.equal((await endpoint.post({ client_id: "app", client_secret: human })).status, 200);
    }
    assert.equal(endpoint.hasher.counts.slow, 1);
  });

  test("is not proven by a wrong secret that comes after the right one", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(human) } });
    await endpoint.post({ client_id: "app", client_secret: human });
    for (let request = 0; request < 3; request++) {
      assert.equal((await endpoint.post({ client_id: "app", client_secret: "hunter3" })).status, 401);
    }
  });

  test("is answered 503 with a whole number of seconds where too many wait, but not to those that need no slow hash", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(human) } });
    await endpoint.register({ client_id: "fast", secret: { value: new Redacted(imported) } });
    endpoint.hasher.busy = true;
    for (const form of [
      { client_id: "app", client_secret: human },
      { client_id: "app", client_secret: "x" },
      { client_id: "nobody", client_secret: "x" },
      { client_id: "fast", client_secret: "x" },
    ]) {
      const { status, headers, body } = await endpoint.post(form);
      assert.equal(status, 503);
      assert.equal(body["error"], "temporarily_unavailable");
      assert.match(headers["Retry-After"] ?? "", /^[1-9]\d*$/);
    }
    assert.equal((await endpoint.post({ client_id: "fast", client_secret: imported })).status, 200);
  });

  test("is hashed again once it was pushed out of the proven ones", async () => {
    const endpoint = new TestEndpoint({ provenSecrets: new BoundedCache(2) });
    for (const id of ["one", "two", "three"])
      await endpoint.register({ client_id: id, secret: { value: new Redacted(human) } });
    endpoint.hasher.counts.slow = 0;
    for (const id of ["one", "two", "three", "one"])
      assert.equal((await endpoint.post({ client_id: id, client_secret: human })).status, 200);
    assert.equal(endpoint.hasher.counts.slow, 4);
  });
});
