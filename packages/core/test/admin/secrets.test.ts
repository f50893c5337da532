import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { addSecret, type RotationInput, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import type { Client } from "@carnet/core/client/client";
import { type ClientSecret, maxLiveSecrets, secretStateAt } from "@carnet/core/client/client-secret";
import type { NewSecretInput } from "@carnet/core/client/make-secret";
import { Redacted } from "@carnet/protocol/redacted";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const now = Date.parse("2026-11-21T12:00:00Z");
const day = 86_400_000;
const imported = "imported-secret-0123456789";

async function withClient() {
  const endpoint = new TestEndpoint();
  const { client, generatedSecret } = await endpoint.register({ client_id: "app", scope: "a" });
  const ports = adminPortsOf(endpoint);
  const target = { clientId: "app", ifMatch: undefined };
  const [first] = client.secrets;
  assert.ok(first);
  return {
    endpoint,
    first,
    shown: generatedSecret?.reveal() ?? "",
    add: (input: NewSecretInput = {}) => addSecret(target, input, ports),
    rotate: (input: RotationInput = {}) => rotateSecrets(target, input, ports),
    revoke: (secretId: string) => revokeSecret(target, secretId, ports),
    async kept(): Promise<Client> {
      const [kept] = await allClients(endpoint.store);
      assert.ok(kept);
      return kept;
    },
    /** Whether a secret gets a token now, as any process would see it. */
    async works(secret: string): Promise<boolean> {
      endpoint.ports.directory.forgetAll();
      return (await endpoint.post({ client_id: "app", client_secret: secret })).status === 200;
    },
  };
}

/** What came of an operation that must succeed. */
function done<Value>(outcome: { ok: true; value: Value } | { ok: false; error: unknown }): Value {
  assert.ok(outcome.ok, outcome.ok ? "" : JSON.stringify(outcome.error));
  return outcome.value;
}

function refusal(outcome: { ok: boolean; error?: { kind: string; errors?: readonly { pointer: string }[] } }) {
  assert.ok(!outcome.ok && outcome.error !== undefined);
  return [outcome.error.kind, ...(outcome.error.errors ?? []).map(({ pointer }) => pointer)];
}

suite("A secret that is added", () => {
  test("is shown once, gets tokens beside the others, and is kept as a digest", async () => {
    const { add, works, shown, kept } = await withClient();
    const added = done(await add({ label: "nightly" }));
    const value = added.shown?.reveal() ?? "";
    assert.ok(await works(value));
    assert.ok(await works(shown));
    const { secrets, version } = await kept();
    assert.equal(version, 2);
    assert.deepEqual(secrets.at(-1)?.label, "nightly");
    assert.equal(value.startsWith(added.secret.prefix) && added.secret.prefix.length, 24);
    assert.ok(!JSON.stringify(await kept()).includes(value.slice(24)));
  });

  test("is valid from not_before to just before expires_at", async () => {
    const { add, works, endpoint } = await withClient();
    const terms = { not_before: "2026-11-21T13:00:00Z", expires_at: "2026-11-21T14:00:00Z" };
    const secret = done(await add(terms)).shown?.reveal() ?? "";
    for (const [time, valid] of [
      ["12:59:59.999", false],
      ["13:00:00.000", true],
      ["13:59:59.999", true],
      ["14:00:00.000", false],
    ] as const) {
      endpoint.clock.set(`2026-11-21T${time}Z`);
      assert.equal(await works(secret), valid, time);
    }
  });

  test("is refused with a pointer to each field that is wrong, and nothing is kept", async () => {
    const { add, kept, first } = await withClient();
    for (const [input, ...pointers] of [
      [{ expires_at: "2026-11-21T12:00:00Z" }, "/expires_at"],
      [{ not_before: "soon", label: "" }, "/label", "/not_before"],
      [{ not_before: "2027-01-02", expires_at: "2027-01-02" }, "/expires_at"],
      [{ value: new Redacted("") }, "/value"],
    ] as const) {
      assert.deepEqual(refusal(await add(input)), ["invalid", ...pointers]);
    }
    assert.deepEqual((await kept()).secrets, [first]);
  });

  test("may begin in the past, which is to begin at once", async () => {
    const { add, works } = await withClient();
    const { shown } = done(await add({ not_before: "2020-01-01" }));
    assert.ok(await works(shown?.reveal() ?? ""));
  });

  test("is refused beyond ten live ones, and one that has ended makes room", async () => {
    const { add, revoke, first, endpoint } = await withClient();
    assert.equal(maxLiveSecrets, 10);
    done(await add({ expires_at: "2026-11-22" }));
    done(await add({ not_before: "2027-01-01" })); // counts: it will be valid
    for (let secrets = 3; secrets < 10; secrets++) done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"]);
    done(await revoke(first.secretId));
    done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"]);
    endpoint.clock.set("2026-11-22T00:00:00Z");
    done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"]);
  });

  test("drops the secrets that ended over thirty days ago from the list, and no other", async () => {
    const { add, revoke, first, kept, endpoint } = await withClient();
    const second = done(await add()).secret;
    done(await revoke(first.secretId));
    endpoint.clock.advance(30 * day - 1);
    done(await add());
    assert.equal((await kept()).secrets.length, 3);
    endpoint.clock.advance(1);
    const { secretId } = done(await add()).secret;
    const ids = (await kept()).secrets.map((secret) => secret.secretId);
    assert.ok(!ids.includes(first.secretId) && ids.includes(second.secretId) && ids.includes(secretId));
  });

  test("drops those that ended when idle thirty days after that, so that rotations do not pile them up", async () => {
    const { add, rotate, first, kept, endpoint } = await withClient();
    done(await rotate({ end_old_when_idle_for: 3600 }));
    endpoint.clock.advance(3_600_000 + 30 * day - 1);
    done(await add());
    assert.ok((await kept()).secrets.some(({ secretId }) => secretId === first.secretId));
    endpoint.clock.advance(1);
    done(await add());
    assert.ok(!(await kept()).secrets.some(({ secretId }) => secretId === first.secretId));
  });

  test("is refused if it is a live secret already, and accepted again after that one ended", async () => {
    const { add, revoke, works, kept } = await withClient();
    const given = { value: new Redacted(imported) };
    const before = done(await add(given)).secret;
    assert.deepEqual(refusal(await add(given)), ["invalid", "/value"]);
    done(await revoke(before.secretId));
    assert.ok(!(await works(imported)));
    const again = done(await add(given)).secret;
    assert.ok(await works(imported), "it is valid again");
    assert.notEqual(again.handle, before.handle, "tokens of the revoked one stay revoked");
    const ids = (await kept()).secrets.map(({ secretId }) => secretId);
    assert.ok(ids.includes(again.secretId) && !ids.includes(before.secretId));
  });

  test("that could be guessed is refused with the reason and the way out", async () => {
    const { add } = await withClient();
    const refused = await add({ value: new Redacted("x".repeat(19)) });
    assert.ok(!refused.ok);
    assert.match(refused.error.detail, /fewer than 20 characters.*could be guessed.*rotate it/);
  });
});

suite("A rotation", () => {
  test("gives a new secret at once, and ends the old one after a day", async () => {
    const { rotate, works, shown, endpoint } = await withClient();
    const next = done(await rotate()).shown?.reveal() ?? "";
    assert.ok((await works(next)) && (await works(shown)));
    endpoint.clock.advance(day - 1);
    assert.ok(await works(shown));
    endpoint.clock.advance(1);
    assert.ok((await works(next)) && !(await works(shown)));
  });

  test("ends the old one at the instant that it names", async () => {
    const { rotate, works, shown, endpoint } = await withClient();
    done(await rotate({ end_old_at: "2026-11-21T18:00:00Z" }));
    endpoint.clock.set("2026-11-21T17:59:59.999Z");
    assert.ok(await works(shown));
    endpoint.clock.set("2026-11-21T18:00:00Z");
    assert.ok(!(await works(shown)));
  });

  test("ends the old one once it was idle for a span, counted from the rotation and from each use", async () => {
    const { rotate, works, shown, endpoint } = await withClient();
    const next = done(await rotate({ end_old_when_idle_for: 3600 })).shown?.reveal() ?? "";
    for (let use = 0; use < 3; use++) {
      endpoint.clock.advance(3_600_000 - 1);
      assert.ok(await works(shown), `use ${use}`);
    }
    endpoint.clock.advance(3_600_000);
    assert.ok(!(await works(shown)));
    endpoint.clock.advance(3_600_000);
    assert.ok(!(await works(shown)), "a refusal is no use");
    assert.ok(await works(next), "the new one does not end so");
  });

  test("knows a use that is not in the store yet", async () => {
    const { rotate, works, shown, endpoint, kept, add } = await withClient();
    done(await rotate({ end_old_when_idle_for: 60 }));
    endpoint.clock.advance(59_000);
    assert.ok(await works(shown));
    assert.equal((await kept()).secrets[0]?.lastUse, null);
    endpoint.clock.advance(59_000);
    assert.ok(await works(shown));
    for (let secrets = 2; secrets < 10; secrets++) done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"], "it counts as live");
  });

  test("never lets a secret go on for longer than it would have", async () => {
    const { add, rotate, kept } = await withClient();
    const soon = done(await add({ expires_at: "2026-11-21T13:00:00Z" })).secret;
    done(await rotate({ end_old_at: "2026-11-21T18:00:00Z" }));
    done(await rotate({ end_old_when_idle_for: 3600 }));
    const of = (secrets: readonly ClientSecret[], id: string) => secrets.find(({ secretId }) => secretId === id);
    assert.equal(of((await kept()).secrets, soon.secretId)?.expiresAt, now + 3_600_000);
    done(await rotate({ end_old_at: "2026-11-23" }));
    done(await rotate({ end_old_when_idle_for: 7200 }));
    const { secrets } = await kept();
    assert.equal(of(secrets, soon.secretId)?.expiresAt, now + 3_600_000);
    assert.deepEqual(of(secrets, soon.secretId)?.idle, { since: now, after: 3_600_000 });
    assert.equal(secrets[0]?.expiresAt, Date.parse("2026-11-21T18:00:00Z"));
  });

  test("gives one that was to end when idle already the shorter span from now, and never more than it had left", async () => {
    const { rotate, endpoint, kept } = await withClient();
    const idleOfFirst = async () => (await kept()).secrets[0]?.idle;
    done(await rotate({ end_old_when_idle_for: 3600 }));
    endpoint.clock.advance(1_000_000);
    done(await rotate({ end_old_when_idle_for: 1800 }));
    assert.deepEqual(await idleOfFirst(), { since: now + 1_000_000, after: 1_800_000 });
    endpoint.clock.advance(1_500_000);
    done(await rotate({ end_old_when_idle_for: 600 }));
    // 300 s were left of its 1800: it is not ended at once, though it has been idle for more than 600
    assert.deepEqual(await idleOfFirst(), { since: now + 2_200_000, after: 600_000 });
    done(await rotate({ end_old_when_idle_for: 7200 }));
    assert.deepEqual(await idleOfFirst(), { since: now + 2_200_000, after: 600_000 });
  });

  test("leaves what has ended as it is, and ends what is yet to begin", async () => {
    const { add, rotate, revoke, first, kept } = await withClient();
    done(await revoke(first.secretId));
    const pending = done(await add({ not_before: "2027-01-01" })).secret;
    done(await rotate({ end_old_at: "2026-11-22" }));
    const { secrets } = await kept();
    assert.equal(secrets.find(({ secretId }) => secretId === first.secretId)?.expiresAt, null);
    assert.equal(
      secrets.find(({ secretId }) => secretId === pending.secretId)?.expiresAt,
      Date.parse("2026-11-22T00:00:00Z"),
    );
  });

  test("is refused with a pointer to what is wrong, and changes nothing", async () => {
    const { rotate, kept } = await withClient();
    const before = await kept();
    for (const [input, ...pointers] of [
      [{ end_old_at: "2026-11-21T12:00:00Z" }, "/end_old_at"],
      [{ end_old_at: "soon" }, "/end_old_at"],
      [{ end_old_at: "2027-01-01", end_old_when_idle_for: 60 }, "/end_old_at"],
      [{ end_old_when_idle_for: 0 }, "/end_old_when_idle_for"],
      [{ end_old_when_idle_for: 1.5 }, "/end_old_when_idle_for"],
      [{ end_old_when_idle_for: 90 * 86_400 + 1 }, "/end_old_when_idle_for"],
      [{ secret: { label: "", expires_at: "soon" } }, "/secret/label", "/secret/expires_at"],
    ] as const) {
      assert.deepEqual(refusal(await rotate(input)), ["invalid", ...pointers], JSON.stringify(input));
    }
    assert.deepEqual(await kept(), before);
    done(await rotate({ end_old_when_idle_for: 90 * 86_400, end_old_at: null }));
  });

  test("is refused where the client has ten live secrets, since the old ones live on for a while", async () => {
    const { add, rotate, kept } = await withClient();
    for (let secrets = 1; secrets < 10; secrets++) done(await add());
    const before = await kept();
    assert.deepEqual(refusal(await rotate()), ["too_many_secrets"]);
    assert.deepEqual(await kept(), before);
  });

  test("to a secret that the client has already is refused, and ends nothing", async () => {
    const { add, rotate, kept } = await withClient();
    done(await add({ value: new Redacted(imported) }));
    const before = await kept();
    assert.deepEqual(refusal(await rotate({ secret: { value: new Redacted(imported) } })), [
      "invalid",
      "/secret/value",
    ]);
    assert.deepEqual(await kept(), before);
  });
});

suite("A revocation", () => {
  test("ends one secret at once and no other, and a second one changes nothing", async () => {
    const { add, revoke, works, shown, first, endpoint, kept } = await withClient();
    const other = done(await add()).shown?.reveal() ?? "";
    done(await revoke(first.secretId));
    assert.ok(!(await works(shown)) && (await works(other)));
    const before = await kept();
    endpoint.clock.advance(1000);
    assert.deepEqual(done(await revoke(first.secretId)).client, before);
    assert.deepEqual(await kept(), before);
  });

  test("of a secret that the client does not have is refused", async () => {
    const { revoke, endpoint, kept } = await withClient();
    const { client: other } = await endpoint.register({ client_id: "other" });
    for (const secretId of ["", "0000000000000000", other.secrets[0]?.secretId ?? ""]) {
      assert.deepEqual(refusal(await revoke(secretId)), ["not_found"]);
    }
    assert.equal((await kept()).version, 1);
  });
});

suite("The state of a secret", () => {
  const base: ClientSecret = {
    ...{ label: null, prefix: "", kind: "generated", digest: new Uint8Array(), createdAt: 0 },
    ...{ notBefore: null, expiresAt: null, idle: null, revokedAt: null, lastUse: null },
    secretId: "" as ClientSecret["secretId"],
    handle: "" as ClientSecret["handle"],
  };
  const ends = { revokedAt: 5, expiresAt: 50, idle: { since: 10, after: 30 }, notBefore: 100 } as const;
  const state = (changes: Partial<ClientSecret>, at: number, lastUse: number | null = null) =>
    secretStateAt({ ...base, ...changes }, at, lastUse === null ? null : { at: lastUse });

  for (const [what, changes, times] of [
    ["without an end", {}, [[0, "active"]]],
    [
      "that was revoked",
      { revokedAt: 5 },
      [
        [0, "revoked"],
        [9, "revoked"],
      ],
    ],
    [
      "with an end",
      { expiresAt: 50 },
      [
        [49, "active"],
        [50, "expired"],
        [51, "expired"],
      ],
    ],
    [
      "with a beginning",
      { notBefore: 50 },
      [
        [49, "pending"],
        [50, "active"],
      ],
    ],
    [
      "that ends when idle",
      { idle: { since: 10, after: 30 } },
      [
        [39, "active"],
        [40, "idle"],
      ],
    ],
    [
      "with everything",
      ends,
      [
        [0, "revoked"],
        [200, "revoked"],
      ],
    ],
    [
      "with everything but a revocation",
      { ...ends, revokedAt: null },
      [
        [39, "pending"],
        [40, "idle"],
        [50, "expired"],
      ],
    ],
    [
      "that would end before it begins",
      { notBefore: 100, expiresAt: 50 },
      [
        [49, "pending"],
        [50, "expired"],
      ],
    ],
  ] as const) {
    test(`${what} is ${times.map(([at, name]) => `${name} at ${at}`).join(", ")}`, () => {
      for (const [at, expected] of times) assert.equal(state(changes, at), expected);
    });
  }

  test("that ends when idle counts from its last use, unless that was before it was to end so", () => {
    const changes = { idle: { since: 10, after: 30 } };
    assert.equal(state(changes, 49, 20), "active");
    assert.equal(state(changes, 50, 20), "idle");
    assert.equal(state(changes, 39, 5), "active");
    assert.equal(state(changes, 40, 5), "idle");
  });
});
