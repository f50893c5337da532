import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { maxLiveSecrets } from "@carnet/core/client/client-secret";
import { visibleStart } from "@carnet/protocol/client-secret";
import { Redacted } from "@carnet/protocol/redacted";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { authorityOf, callerOf } from "@carnet/testkit/sample-owners";
import { clientWithSecret, day, done, imported, refusal } from "./support/client-with-secret.ts";

suite("An added secret", () => {
  test("is shown once, works beside the others, and is stored as a digest", async () => {
    const { add, works, shown, kept } = await clientWithSecret();
    const added = done(await add({ label: "nightly" }));
    const value = added.shown?.reveal() ?? "";
    assert.ok(await works(value));
    assert.ok(await works(shown));
    const { secrets, version } = await kept();
    assert.equal(version, 2);
    assert.deepEqual(secrets.at(-1)?.label, "nightly");
    assert.ok(value.startsWith(visibleStart(added.secret.secretId)));
    assert.ok(!JSON.stringify(await kept()).includes(value.slice(24)));
  });

  test("is valid from not_before to just before expires_at", async () => {
    const { add, works, endpoint } = await clientWithSecret();
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

  test("is refused with a pointer to each invalid field, and nothing is stored", async () => {
    const { add, kept, first } = await clientWithSecret();
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

  test("with a not_before in the past is valid at once", async () => {
    const { add, works } = await clientWithSecret();
    const { shown } = done(await add({ not_before: "2020-01-01" }));
    assert.ok(await works(shown?.reveal() ?? ""));
  });

  test("is refused beyond ten live secrets, and an ended secret does not count", async () => {
    const { add, revoke, first, endpoint } = await clientWithSecret();
    assert.equal(maxLiveSecrets, 10);
    done(await add({ expires_at: "2026-11-22" }));
    done(await add({ not_before: "2027-01-01" })); // counts, because it will become valid
    for (let secrets = 3; secrets < 10; secrets++) done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"]);
    done(await revoke(first.secretId));
    done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"]);
    endpoint.clock.set("2026-11-22T00:00:00Z");
    done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"]);
  });

  test("removes only secrets that ended more than thirty days ago", async () => {
    const { add, revoke, first, kept, endpoint } = await clientWithSecret();
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

  test("removes secrets that expired when idle after thirty days, so that rotations do not accumulate them", async () => {
    const { add, rotate, first, kept, endpoint } = await clientWithSecret();
    done(await rotate({ end_old_when_idle_for: 3600 }));
    endpoint.clock.advance(3_600_000 + 30 * day - 1);
    done(await add());
    assert.ok((await kept()).secrets.some(({ secretId }) => secretId === first.secretId));
    endpoint.clock.advance(1);
    done(await add());
    assert.ok(!(await kept()).secrets.some(({ secretId }) => secretId === first.secretId));
  });

  test("is refused when the client has the same live secret, and accepted once that one has ended", async () => {
    const { add, revoke, works, kept } = await clientWithSecret();
    const given = { value: new Redacted(imported) };
    const before = done(await add(given)).secret;
    assert.deepEqual(refusal(await add(given)), ["invalid", "/value"]);
    done(await revoke(before.secretId));
    assert.ok(!(await works(imported)));
    const again = done(await add(given)).secret;
    assert.ok(await works(imported), "it is valid again");
    assert.notEqual(again.handle, before.handle, "tokens of the revoked secret stay revoked");
    const ids = (await kept()).secrets.map(({ secretId }) => secretId);
    assert.ok(ids.includes(again.secretId) && !ids.includes(before.secretId));
  });

  test("is refused when the client had it before and the policy bounds the age of secrets", async () => {
    for (const policy of [{ maxSecretAge: 86_400 }, { secretsMustExpire: true }]) {
      const { add, rotate, endpoint, kept } = await clientWithSecret({ ...openPolicy, ...policy });
      const given = { value: new Redacted(imported), expires_at: "2026-11-22T12:00:00Z" };
      done(await add(given));
      endpoint.clock.advance(day);
      const before = await kept();
      const again = { ...given, expires_at: "2026-11-23T12:00:00Z" };
      assert.deepEqual(refusal(await add(again)), ["invalid", "/value"]);
      assert.deepEqual(refusal(await rotate({ secret: again })), ["invalid", "/secret/value"]);
      assert.deepEqual(await kept(), before);
    }
  });

  test("is refused to an operator when it was revoked", async () => {
    const { add, rotate, revoke } = await clientWithSecret(
      openPolicy,
      authorityOf(callerOf("operator", null), "operate"),
    );
    const secret = { value: new Redacted(imported) };
    done(await revoke(done(await add(secret)).secret.secretId));
    const refused = await rotate({ secret });
    assert.deepEqual(refusal(refused), ["invalid", "/secret/value"]);
    assert.ok(!refused.ok && /was a secret of this client before: leave it out/.test(refused.error.detail));
  });

  test("that is short enough to guess is refused with the reason and the remedy", async () => {
    const { add } = await clientWithSecret();
    const refused = await add({ value: new Redacted("x".repeat(19)) });
    assert.ok(!refused.ok);
    assert.match(refused.error.detail, /at least 20 characters.*can be guessed.*rotate it/);
  });
});

suite("A revocation", () => {
  test("ends one secret at once and no other, and a second revocation changes nothing", async () => {
    const { add, revoke, works, shown, first, endpoint, kept } = await clientWithSecret();
    const other = done(await add()).shown?.reveal() ?? "";
    done(await revoke(first.secretId));
    assert.ok(!(await works(shown)) && (await works(other)));
    const before = await kept();
    endpoint.clock.advance(1000);
    assert.deepEqual(done(await revoke(first.secretId)).client, before);
    assert.deepEqual(await kept(), before);
  });

  test("of a secret that the client does not have is refused", async () => {
    const { revoke, endpoint, kept } = await clientWithSecret();
    const { client: other } = await endpoint.register({ client_id: "other" });
    for (const secretId of ["", "0000000000000000", other.secrets[0]?.secretId ?? ""]) {
      assert.deepEqual(refusal(await revoke(secretId)), ["not_found"]);
    }
    assert.equal((await kept()).version, 1);
  });
});
