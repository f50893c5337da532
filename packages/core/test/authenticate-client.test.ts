import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type ClientSecret, secretStateAt } from "@carnet/core/client/client-secret";
import { drawHandle, drawSecretId } from "@carnet/core/client/draw";
import { Redacted } from "@carnet/protocol/redacted";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const imported = "imported-secret-0123456789";

/** The reason of the last refusal, or the secret id of the last token. */
const lastOf = ({ records }: TestEndpoint) => {
  const record = records.at(-1);
  return record?.event === "token_refused" ? record.reason : record?.actor.type === "client" && record.actor.secretId;
};

async function secretsOf(endpoint: TestEndpoint, id: string): Promise<readonly ClientSecret[]> {
  const client = (await allClients(endpoint.store)).find(({ clientId }) => clientId === id);
  assert.ok(client);
  return client.secrets;
}

const anotherSecret = (endpoint: TestEndpoint, own: ClientSecret | undefined, value: string): ClientSecret => {
  assert.ok(own);
  return {
    ...own,
    secretId: drawSecretId(endpoint.random),
    handle: drawHandle(endpoint.random),
    kind: "imported",
    digest: endpoint.hasher.digest("app", value).digest,
  };
};

suite("A client is authenticated", () => {
  for (const [kind, secret] of [
    ["generated", undefined],
    ["imported", imported],
  ] as const) {
    test(`by its ${kind} secret, from the store and from memory, and by no other`, async () => {
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
          assert.match(String(lastOf(endpoint)), /^(unknown_credentials|secret_incomplete)$/);
        }
      }
    });
  }

  test("by any of several secrets", async () => {
    const endpoint = new TestEndpoint();
    const { generatedSecret } = await endpoint.register({ client_id: "app" });
    const own = await secretsOf(endpoint, "app");
    const added = anotherSecret(endpoint, own[0], imported);
    endpoint.store.change("app", { secrets: [added, ...own] });
    for (const [secret, id] of [
      [imported, added.secretId],
      [generatedSecret?.reveal() ?? "", own[0]?.secretId],
    ] as const) {
      assert.equal((await endpoint.post({ client_id: "app", client_secret: secret })).status, 200);
      assert.equal(lastOf(endpoint), id);
    }
  });

  test("not by the secret of another client", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app" });
    const { generatedSecret } = await endpoint.register({ client_id: "other" });
    await endpoint.post({ client_id: "app", client_secret: generatedSecret?.reveal() ?? "" });
    assert.equal(lastOf(endpoint), "unknown_credentials");
  });

  test("not by a text that moves the border between id and secret", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    for (const [client_id, client_secret] of [
      ["ap", `p\0${imported}`],
      [`app\0${imported.slice(0, 5)}`, imported.slice(5)],
      [`app\0${imported}`, ""],
    ] as const) {
      assert.equal((await endpoint.post({ client_id, client_secret })).status, 401);
    }
  });

  test("so that one secret which two clients imported has two digests", async () => {
    const endpoint = new TestEndpoint();
    for (const id of ["one", "two"])
      await endpoint.register({ client_id: id, secret: { value: new Redacted(imported) } });
    const [one, two] = [await secretsOf(endpoint, "one"), await secretsOf(endpoint, "two")];
    assert.notDeepEqual(one[0]?.digest, two[0]?.digest);
  });

  test("and while the store is away, not refused for what memory says, because that may have changed", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    endpoint.store.change("app", { status: "disabled" });
    const post = () => endpoint.post({ client_id: "app", client_secret: imported });
    assert.equal((await post()).status, 401);
    const away = new Error("away");
    endpoint.store.findBySecret = () => Promise.reject(away);
    await assert.rejects(post(), away, "the HTTP side answers 503");
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

  test("only until the moment when the client expires", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) }, expires_at: "2026-11-22" });
    endpoint.clock.set("2026-11-21T23:59:59.999Z");
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
    endpoint.clock.set("2026-11-22T00:00:00.000Z");
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 401);
    assert.equal(lastOf(endpoint), "client_expired");
  });

  test("only from the addresses of its list, including IPv4 addresses mapped into IPv6", async () => {
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
});

suite("A refusal", () => {
  test("of a wrong secret and of an unknown client ask the same of memory and store, and record the same", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    const seen = [];
    for (const client_id of ["app", "nobody"]) {
      const probes = endpoint.store.probes;
      assert.equal((await endpoint.post({ client_id, client_secret: "wrong-secret-0123456789" })).status, 401);
      seen.push({ probes: endpoint.store.probes - probes, record: endpoint.records.at(-1) });
    }
    const [known, unknown] = seen.map(({ probes, record }) => ({ probes, record: { ...record, id: "" } }));
    assert.deepEqual(known, unknown);
    assert.equal(seen[0]?.probes, 1);
    assert.deepEqual(seen[0]?.record?.actor, { type: "unknown" });
  });

  test("without a secret keeps the client id that was sent, to find out later whether it exists", async () => {
    const endpoint = new TestEndpoint();
    for (const [form, claimed] of [
      [{ client_id: "app" }, "app"],
      [{ client_id: "app", client_secret: "" }, "app"],
      [{ client_id: "no client id\n" }, undefined],
      [{ client_secret: imported }, undefined],
    ] as const) {
      await endpoint.post(form);
      const record = endpoint.records.at(-1);
      assert.ok(record?.event === "token_refused");
      assert.equal(record.claimedClientId?.reveal(), claimed);
    }
  });

  test("without credentials asks the store nothing", async () => {
    const endpoint = new TestEndpoint();
    for (const [form, reason] of [
      [{}, "no_credentials"],
      [{ client_id: "app" }, "no_client_secret"],
      [{ client_secret: imported }, "no_client_id"],
    ] as const) {
      assert.equal((await endpoint.post(form)).status, 401);
      assert.equal(lastOf(endpoint), reason);
    }
    assert.equal(endpoint.store.probes, 0);
  });

  test("of a right secret names the client in the record", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) }, status: "disabled" });
    await endpoint.post({ client_id: "app", client_secret: imported });
    assert.equal(lastOf(endpoint), "client_disabled");
    const { actor } = endpoint.records.at(-1) ?? {};
    assert.ok(actor?.type === "client");
    assert.equal(actor.clientId, "app");
    assert.match(String(actor.secretId), /^[a-z0-9]{16}$/);
  });
});

suite("Memory", () => {
  test("saves the store a probe for each further token", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    for (let request = 0; request < 5; request++) {
      assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
    }
    assert.equal(endpoint.store.probes, 1);
  });

  test("refuses nobody: the store is asked again before a refusal", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) }, status: "disabled" });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 401);
    endpoint.store.change("app", { status: "active" });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
  });

  test("does not keep out a secret that was added elsewhere", async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({ client_id: "app", secret: { value: new Redacted(imported) } });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
    const next = "the-next-secret-0123456789";
    const [own] = await secretsOf(endpoint, "app");
    assert.ok(own);
    endpoint.store.change("app", { secrets: [own, anotherSecret(endpoint, own, next)] });
    assert.equal((await endpoint.post({ client_id: "app", client_secret: next })).status, 200);
    assert.equal((await endpoint.post({ client_id: "app", client_secret: imported })).status, 200);
  });
});

test("a secret under a slow hash, from an earlier version, is not live", () => {
  const terms = { kind: "human", notBefore: null, expiresAt: null, idle: null, revokedAt: null } as const;
  assert.equal(secretStateAt(terms, 0, null), "unsupported");
  assert.equal(secretStateAt({ ...terms, revokedAt: 1 }, 2, null), "revoked");
});
