import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ClientSecret } from "@carnet/core/client/client-secret";
import { Redacted } from "@carnet/protocol/redacted";
import { clientWithSecret, day, done, imported, now, refusal } from "./support/client-with-secret.ts";

suite("A rotation", () => {
  test("returns a new secret that works at once, and expires the old one after a day", async () => {
    const { rotate, works, shown, endpoint } = await clientWithSecret();
    const next = done(await rotate()).shown?.reveal() ?? "";
    assert.ok((await works(next)) && (await works(shown)));
    endpoint.clock.advance(day - 1);
    assert.ok(await works(shown));
    endpoint.clock.advance(1);
    assert.ok((await works(next)) && !(await works(shown)));
  });

  test("expires the old secret at the requested time", async () => {
    const { rotate, works, shown, endpoint } = await clientWithSecret();
    done(await rotate({ end_old_at: "2026-11-21T18:00:00Z" }));
    endpoint.clock.set("2026-11-21T17:59:59.999Z");
    assert.ok(await works(shown));
    endpoint.clock.set("2026-11-21T18:00:00Z");
    assert.ok(!(await works(shown)));
  });

  test("expires the old secret after an idle span, counted from the rotation or the last use", async () => {
    const { rotate, works, shown, endpoint } = await clientWithSecret();
    const next = done(await rotate({ end_old_when_idle_for: 3600 })).shown?.reveal() ?? "";
    for (let use = 0; use < 3; use++) {
      endpoint.clock.advance(3_600_000 - 1);
      assert.ok(await works(shown), `use ${use}`);
    }
    endpoint.clock.advance(3_600_000);
    assert.ok(!(await works(shown)));
    endpoint.clock.advance(3_600_000);
    assert.ok(!(await works(shown)), "a refusal does not count as a use");
    assert.ok(await works(next), "the new secret has no idle limit");
  });

  test("counts a use that is not in the store yet", async () => {
    const { rotate, works, shown, endpoint, kept, add } = await clientWithSecret();
    done(await rotate({ end_old_when_idle_for: 60 }));
    endpoint.clock.advance(59_000);
    assert.ok(await works(shown));
    assert.equal((await kept()).secrets[0]?.lastUse, null);
    endpoint.clock.advance(59_000);
    assert.ok(await works(shown));
    for (let secrets = 2; secrets < 10; secrets++) done(await add());
    assert.deepEqual(refusal(await add()), ["too_many_secrets"], "it counts as live");
  });

  test("never extends the life of a secret", async () => {
    const { add, rotate, kept } = await clientWithSecret();
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

  test("restarts a shorter idle span, but never gives a secret more time than it had left", async () => {
    const { rotate, endpoint, kept } = await clientWithSecret();
    const idleOfFirst = async () => (await kept()).secrets[0]?.idle;
    done(await rotate({ end_old_when_idle_for: 3600 }));
    endpoint.clock.advance(1_000_000);
    done(await rotate({ end_old_when_idle_for: 1800 }));
    assert.deepEqual(await idleOfFirst(), { since: now + 1_000_000, after: 1_800_000 });
    endpoint.clock.advance(1_500_000);
    done(await rotate({ end_old_when_idle_for: 600 }));
    // It had 300 s left of 1800, so it does not expire at once although it was idle for more than 600 s
    assert.deepEqual(await idleOfFirst(), { since: now + 2_200_000, after: 600_000 });
    done(await rotate({ end_old_when_idle_for: 7200 }));
    assert.deepEqual(await idleOfFirst(), { since: now + 2_200_000, after: 600_000 });
  });

  test("leaves ended secrets unchanged, and sets the expiry of secrets that are not valid yet", async () => {
    const { add, rotate, revoke, first, kept } = await clientWithSecret();
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

  test("with an invalid field is refused with a pointer to it, and changes nothing", async () => {
    const { rotate, kept } = await clientWithSecret();
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

  test("is refused when the client has ten live secrets, because the old ones stay live for a while", async () => {
    const { add, rotate, kept } = await clientWithSecret();
    for (let secrets = 1; secrets < 10; secrets++) done(await add());
    const before = await kept();
    assert.deepEqual(refusal(await rotate()), ["too_many_secrets"]);
    assert.deepEqual(await kept(), before);
  });

  test("to a secret that the client already has is refused, and expires nothing", async () => {
    const { add, rotate, kept } = await clientWithSecret();
    done(await add({ value: new Redacted(imported) }));
    const before = await kept();
    assert.deepEqual(refusal(await rotate({ secret: { value: new Redacted(imported) } })), [
      "invalid",
      "/secret/value",
    ]);
    assert.deepEqual(await kept(), before);
  });
});
