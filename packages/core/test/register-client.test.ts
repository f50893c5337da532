import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { makeSecret } from "@carnet/core/client/make-secret";
import { type ClientRegistration, registerClient } from "@carnet/core/client/register-client";
import { generatedSecretRandom, isMistypedSecret } from "@carnet/protocol/client-secret";
import type { ClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { allClients } from "@carnet/testkit/all-clients";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secret = "planted-secret-0123456789";
const now = "2026-11-21T12:00:00Z";

/** Characters that make one name look like another. */
const bidirectional = ["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"].map((char) => `a${char}b`);

const stored = (endpoint: TestEndpoint) => allClients(endpoint.store);

suite("A registration", () => {
  test("without any field creates a client with defaults and a generated secret", async () => {
    const endpoint = new TestEndpoint();
    const { client, generatedSecret } = await endpoint.register({});
    assert.match(client.clientId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const { clientId: _id, handle, secrets, ...rest } = client;
    assert.match(handle, /^[\w-]{11}$/);
    assert.deepEqual(rest, {
      clientName: null,
      owner: "default",
      role: null,
      roleOwners: null,
      scopes: [],
      scopePolicy: "narrow",
      status: "active",
      expiresAt: null,
      ipAllowlist: [],
      tokenEndpointAuthMethod: null,
      accessTokenTtl: null,
      workspace: null,
      username: null,
      audience: null,
      labels: {},
      claims: {},
      createdAt: Date.parse(now),
      updatedAt: Date.parse(now),
      version: 1,
    });
    const shown = generatedSecret?.reveal() ?? "";
    assert.equal(secrets.length, 1);
    assert.ok(shown.startsWith(`carnet_${secrets[0]?.secretId}_`));
    assert.equal(isMistypedSecret(shown), false);
    assert.deepEqual(await stored(endpoint), [client]);
  });

  test("with every field set stores every field", async () => {
    const endpoint = new TestEndpoint();
    const { client } = await endpoint.register({
      client_id: "8f14e45f",
      client_name: "Ключ 🔑",
      scope: " file:write  file:read file:write ",
      scope_policy: "strict",
      status: "disabled",
      expires_at: "2027-02-28T23:30:00.5+01:00",
      ip_allowlist: ["203.0.113.7", "2001:DB8::/32"],
      token_endpoint_auth_method: "client_secret_basic",
      access_token_ttl: 86_400,
      workspace: "QWNjb3VudB82Nzg",
      username: "the user",
      audience: "https://api.example.test",
      labels: { team: "payments", gone: null },
      claims: { tier: "gold", limits: { daily: 5, gone: null }, gone: null },
      secret: { value: new Redacted(secret) },
    });
    const { secrets: _secrets, handle: _handle, ipAllowlist, ...rest } = client;
    assert.deepEqual(
      ipAllowlist.map(({ text }) => text),
      ["203.0.113.7/32", "2001:db8::/32"],
    );
    assert.deepEqual(rest, {
      clientId: "8f14e45f",
      clientName: "Ключ 🔑",
      owner: "default",
      role: null,
      roleOwners: null,
      scopes: ["file:write", "file:read"],
      scopePolicy: "strict",
      status: "disabled",
      expiresAt: Date.parse("2027-02-28T22:30:00.5Z"),
      tokenEndpointAuthMethod: "client_secret_basic",
      accessTokenTtl: 86_400,
      workspace: "QWNjb3VudB82Nzg",
      username: "the user",
      audience: "https://api.example.test",
      labels: { team: "payments" },
      claims: { limits: { daily: 5 }, tier: "gold" },
      createdAt: Date.parse(now),
      updatedAt: Date.parse(now),
      version: 1,
    });
  });

  for (const [field, values] of Object.entries({
    client_id: ["", " a", "a:b", "a".repeat(256), "ключ", "a\n"],
    client_name: ["", "a".repeat(256), "a\nb", "a\u0085b", "\ud800", ...bidirectional],
    scope: [" ", 'a "b"', "a\\b", "a\tb", "é"],
    scope_policy: ["", "Narrow", "wide"],
    status: ["", "enabled"],
    expires_at: [
      "",
      "tomorrow",
      "2026-11-21T12:00:00Z",
      "2020-01-01",
      "2027-02-31",
      "2027-13-01",
      "2027-01-31T12:00:00",
      "2027-1-1",
      "2027-01-31T25:00:00Z",
    ],
    ip_allowlist: [["10.0.0.0/33"], ["10.0.0.0/8", "nowhere"], [""]],
    token_endpoint_auth_method: ["", "none", "private_key_jwt"],
    access_token_ttl: [0, -1, 1.5, 86_401, Number.NaN, Number.POSITIVE_INFINITY],
    workspace: ["", "a\u0000b", "a".repeat(256)],
    username: ["", "a".repeat(256), "a\nb"],
    audience: ["", "a b", "\u00fc", "a".repeat(256)],
    labels: [
      { "": "x" },
      { Upper: "x" },
      { "a-": "x" },
      { ["a".repeat(64)]: "x" },
      { a: "x".repeat(256) },
      { a: "x\ny" },
      { a: "x\u202ey" },
      { a: "\ud800" },
      Object.fromEntries(Array.from({ length: 33 }, (_, number) => [`label-${number}`, ""])),
    ],
  })) {
    test(`with an invalid ${field} is refused with the name of the field, and nothing is stored`, async () => {
      for (const value of values) {
        const endpoint = new TestEndpoint();
        const refused = await registerClient({ [field]: value }, endpoint);
        assert.ok(!refused.ok, inspect(value));
        assert.deepEqual(
          refused.error.errors?.map((problem) => problem.pointer),
          [`/${field}`],
        );
        assert.match(refused.error.detail, new RegExp(`^${field} [\\x20-\\x7e]{10,}$`));
        assert.deepEqual(await stored(endpoint), []);
      }
    });
  }

  for (const [member, bad] of Object.entries({
    value: ["", "a".repeat(1025), "a\nb".repeat(10), "\ud800".repeat(20)].map((text) => new Redacted(text)),
    label: ["", "a\nb", "a".repeat(256)],
    not_before: ["", "soon"],
    expires_at: ["", "soon", "2026-11-21T12:00:00Z"],
  })) {
    test(`with an invalid ${member} of its secret is refused with a pointer to it, and nothing is stored`, async () => {
      for (const value of bad) {
        const endpoint = new TestEndpoint();
        const refused = await registerClient({ secret: { [member]: value } }, endpoint);
        assert.ok(!refused.ok, inspect(value));
        assert.deepEqual(
          refused.error.errors?.map(({ pointer }) => pointer),
          [`/secret/${member}`],
        );
        assert.deepEqual(await stored(endpoint), []);
      }
    });
  }

  test("with several invalid fields names each of them", async () => {
    const registration: ClientRegistration = { client_id: ":", scope: '"', status: "x", access_token_ttl: 0 };
    const refused = await registerClient(registration, new TestEndpoint());
    assert.ok(!refused.ok);
    assert.deepEqual(refused.error.errors?.map(({ pointer }) => pointer).sort(), [
      "/access_token_ttl",
      "/client_id",
      "/scope",
      "/status",
    ]);
    assert.equal(refused.error.kind, "invalid");
  });

  test("with a taken id is refused, and the existing client stays unchanged", async () => {
    const endpoint = new TestEndpoint();
    const { client } = await endpoint.register({ client_id: "app" });
    const refused = await registerClient({ client_id: "app", status: "disabled" }, endpoint);
    assert.deepEqual(refused, {
      ok: false,
      error: { kind: "taken", detail: "a client with this client_id is already registered" },
    });
    assert.deepEqual(await stored(endpoint), [client]);
  });

  test("with an expiry one millisecond ahead is accepted", async () => {
    const { client } = await new TestEndpoint().register({ expires_at: "2026-11-21T12:00:00.001Z" });
    assert.equal(client.expiresAt, Date.parse(now) + 1);
  });

  test("that is refused does not reveal its secret", async () => {
    for (const value of [new Redacted(`${secret}\n`), new Redacted(secret.repeat(99))]) {
      const refused = await registerClient({ secret: { value } }, new TestEndpoint());
      assert.ok(!refused.ok);
      assert.ok(!JSON.stringify(refused).includes(secret));
    }
  });
});

suite("A secret", () => {
  for (const [text, accepted] of [
    ["x".repeat(19), false],
    ["x".repeat(20), true],
    ["🔑".repeat(19), false],
    ["🔑".repeat(20), true],
    ["x".repeat(1024), true],
    ["x".repeat(1025), false],
  ] as const) {
    test(`of ${[...text].length} characters like ${[...text][0]} is ${accepted ? "imported" : "refused"}`, async () => {
      const registered = await registerClient({ secret: { value: new Redacted(text) } }, new TestEndpoint());
      assert.equal(registered.ok, accepted);
      if (registered.ok) assert.equal(registered.value.client.secrets[0]?.kind, "imported");
    });
  }

  test("appears nowhere in stored or printed data", async () => {
    const endpoint = new TestEndpoint();
    const { client } = await endpoint.register({ secret: { value: new Redacted(secret) } });
    const generated = await endpoint.register({});
    const shown = generated.generatedSecret?.reveal() ?? "";
    for (const text of [inspect([client, generated], { depth: 9 }), JSON.stringify([client, generated])]) {
      assert.ok(!text.includes(secret));
      assert.ok(!text.includes(shown));
    }
  });

  test("that is generated draws evenly from the whole alphabet", async () => {
    const endpoint = new TestEndpoint();
    const plan = { label: null, notBefore: null, expiresAt: null, existing: undefined };
    const counts = new Map<string, number>([...generatedSecretRandom.alphabet].map((char) => [char, 0]));
    for (let drawn = 0; drawn < 2000; drawn++) {
      const { shown } = await makeSecret(plan, { clientId: "app" as ClientId, now: 0 }, endpoint);
      for (const char of shown?.reveal().slice(24, 67) ?? "") counts.set(char, (counts.get(char) ?? 0) + 1);
    }
    const expected = (2000 * 43) / 62;
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 61 degrees of freedom: a fair draw exceeds 124 once in a million; bytes modulo 62 give about 600
    assert.ok(chiSquared < 124, `chi squared is ${chiSquared}`);
  });

  test("that is generated rejects random bytes that would favour some characters", async () => {
    const random = new SeededRandom();
    const bytes = random.bytes.bind(random);
    random.bytes = (length) => bytes(length).map((byte, at) => (at % 2 === 0 ? 255 : byte));
    const endpoint = new TestEndpoint();
    const registered = await registerClient({}, { ...endpoint, random });
    assert.ok(registered.ok);
    const shown = registered.value.generatedSecret?.reveal() ?? "";
    assert.equal(isMistypedSecret(shown), false);
    assert.match(shown, /^carnet_[a-z0-9]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    // 255 modulo 62 is 7 and modulo 36 is 3: half of all characters would be those
    assert.ok([...shown.slice(24, 67)].filter((char) => char === "7").length < 10);
  });
});
