import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  activate,
  addDueKey,
  addKey,
  dueKeys,
  earlyKeyWarning,
  endedKeys,
  type KeyChange,
  type KeyRefusal,
  mostPublished,
  retireKey,
  revokeKey,
} from "@carnet/core/key/key-changes";
import type { SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { Result } from "@carnet/protocol/result";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { at, factsAt, freshKey, key, minute, statesAt } from "./support/sample-keys.ts";

const day = 1440;
const first = key("first", { published: 0, signs: 0 });
const upcoming = key("upcoming", { published: 10, signs: 35 });
const fresh = freshKey("fresh");
const es256: ReadonlySet<SigningAlgorithmName> = new Set(["ES256"]);

/** The keys after a change. */
function after(keys: readonly SigningKeyRecord[], change: KeyChange | Result<KeyChange, KeyRefusal>) {
  const done = "keys" in change ? change : change.ok ? change.value : assert.fail(change.error.detail);
  const changed = new Map(done.keys.map(({ after: next }) => [next.keyId, next]));
  for (const { before } of done.keys) if (before !== null) assert.ok(keys.includes(before), "it changes what is there");
  return [...keys.filter(({ keyId }) => !changed.has(keyId)), ...changed.values()];
}

function assertRefused(change: Result<KeyChange, KeyRefusal>, kind: KeyRefusal["kind"], detail: RegExp) {
  assert.ok(!change.ok, "it was not refused");
  assert.equal(change.error.kind, kind);
  assert.match(change.error.detail, detail);
}

describe("adding a key", () => {
  const add = (keys: readonly SigningKeyRecord[], minutes: number, immediately = false) =>
    addKey(keys, { fresh, immediately }, factsAt(minutes));

  it("publishes it, and lets it sign after the publication time", () => {
    const keys = after([first], add([first], 10));
    assert.deepEqual(keys, [first, key("fresh", { published: 10, signs: 35 })]);
  });

  it("lets it sign at once if the operator says so", () => {
    assert.deepEqual(statesAt(10, after([first], add([first], 10, true))), { first: "retiring", fresh: "active" });
  });

  it("is refused if the ring has the key, in whatever state", () => {
    for (const end of [{}, { retiredAt: at(1) }, { revokedAt: at(1) }])
      assertRefused(add([first, { ...first, ...end, keyId: "fresh" }], 9000), "known", /carnet key list/);
  });

  it("is refused while a key of the algorithm is upcoming, and names it", () => {
    for (const immediately of [false, true])
      assertRefused(
        add([first, upcoming], 20, immediately),
        "wrong_state",
        /upcoming and signs from .*12:35:00.*rotate --algorithm ES256 --now/,
      );
  });

  it("is not refused because of an upcoming key of another algorithm", () => {
    assert.ok(add([first, { ...upcoming, algorithm: "RS256" }], 20).ok);
  });

  it("lets it start after the key of a clock that is ahead", () => {
    const ahead = key("ahead", { published: 10.05, signs: 10.05 });
    const [, , made] = after([first, ahead], addKey([first, ahead], { fresh, immediately: true }, factsAt(10.05)));
    assert.equal(made?.activeFrom, at(10.05) + 1);
  });

  it("is refused while too many earlier keys are published, and tells until when", () => {
    const keys = Array.from({ length: mostPublished }, (_, each) => key(`${each}`, { published: each, signs: each }));
    assertRefused(add(keys, 60), "wrong_state", /9 earlier keys .* wait until 2026-11-22T12:27:02.000Z/);
    assert.ok(add(keys.slice(1), 60).ok);
  });
});

describe("activating an upcoming key", () => {
  it("lets it sign at once", () => {
    const keys = after([first, upcoming], activate(upcoming, [first, upcoming], at(20)));
    assert.deepEqual(statesAt(20, keys), { first: "retiring", upcoming: "active" });
  });

  it("lets it start after the key of a clock that is ahead", () => {
    const ahead = key("ahead", { published: 0, signs: 20.05 });
    const [, activated] = after([ahead, upcoming], activate(upcoming, [ahead, upcoming], at(20)));
    assert.equal(activated?.activeFrom, at(20.05) + 1);
  });

  it("does not wait for a later key, which a clock that is ahead may have added", () => {
    const later = key("later", { published: 20, signs: 45 });
    const keys = after([first, upcoming, later], activate(upcoming, [first, upcoming, later], at(20)));
    assert.deepEqual(statesAt(20, keys), { first: "retiring", upcoming: "active", later: "upcoming" });
  });
});

describe("retiring a key", () => {
  const retire = (keys: readonly SigningKeyRecord[], keyId: string, minutes: number, inUse = es256) =>
    retireKey(keys, { keyId, inUse }, factsAt(minutes));

  it("that is upcoming means that it never signs", () => {
    const keys = after([first, upcoming], retire([first, upcoming], "upcoming", 20));
    assert.deepEqual(statesAt(40, keys), { first: "active", upcoming: "retiring" });
  });

  it("that is active hands over to the upcoming one, if verifiers know it", () => {
    const late = { ...upcoming, activeFrom: at(500) };
    const keys = after([first, late], retire([first, late], "first", 35));
    assert.deepEqual(statesAt(35, keys), { first: "retiring", upcoming: "active" });
  });

  it("that is active is refused while verifiers may not know its successor, and tells when", () => {
    assertRefused(
      retire([first, upcoming], "first", 20),
      "wrong_state",
      /upcoming signs from .*12:35:00.*rotate --algorithm ES256 --now/,
    );
  });

  it("that is the only active one is refused", () => {
    for (const inUse of [es256, new Set<SigningAlgorithmName>()])
      assertRefused(
        retire([first], "first", 20, inUse),
        "wrong_state",
        /no successor: .*`carnet key rotate --algorithm ES256`/,
      );
  });

  it("of an algorithm in use is refused without a successor", () => {
    const other = key("other", { algorithm: "RS256", published: 0, signs: 0 });
    assertRefused(retire([first, other], "first", 20), "wrong_state", /no successor/);
  });

  it("of an algorithm that no setting names takes it out of use", () => {
    const other = key("other", { algorithm: "RS256", published: 0, signs: 0 });
    assert.deepEqual(statesAt(20, after([first, other], retire([first, other], "other", 20))), {
      ...{ first: "active", other: "retiring" },
    });
  });

  it("is refused if it signs nothing any more", () => {
    assertRefused(retire([first, upcoming], "first", 40), "wrong_state", /the key is retiring/);
    assertRefused(retire([first, upcoming], "first", 9000), "wrong_state", /the key is removed/);
    assertRefused(retire([{ ...first, revokedAt: at(1) }], "first", 40), "wrong_state", /the key is revoked/);
  });

  it("is refused if nothing has its id", () => {
    assertRefused(retire([first], "none", 20), "unknown", /no key has this id/);
  });

  it("is refused for the only key by a clock that is behind, which sees it as upcoming", () => {
    assertRefused(retire([first], "first", -1), "wrong_state", /no successor/);
  });
});

describe("revoking a key", () => {
  const revoke = (keys: readonly SigningKeyRecord[], keyId: string, minutes: number) =>
    revokeKey(keys, { keyId, fresh }, factsAt(minutes));

  it("that is active lets a fresh one sign at once", () => {
    assert.deepEqual(statesAt(20, after([first], revoke([first], "first", 20))), { first: "revoked", fresh: "active" });
  });

  it("that is active lets the upcoming one sign at once, because verifiers may know it", () => {
    const keys = after([first, upcoming], revoke([first, upcoming], "first", 20));
    assert.deepEqual(statesAt(20, keys), { first: "revoked", upcoming: "active" });
  });

  for (const [state, minutes, keyId] of [
    ["upcoming", 20, "upcoming"],
    ["retiring", 40, "first"],
    ["removed", 9000, "first"],
  ] as const)
    it(`that is ${state} changes no other key`, () => {
      const keys = after([first, upcoming], revoke([first, upcoming], keyId, minutes));
      assert.equal(keys.length, 2);
      assert.equal(statesAt(minutes, keys)[keyId], "revoked");
      assert.equal(Object.values(statesAt(minutes, keys)).filter((each) => each === "active").length, 1);
    });

  it("is refused if it is revoked, or if nothing has its id", () => {
    assertRefused(revoke([{ ...first, revokedAt: at(1) }], "first", 20), "wrong_state", /revoked already/);
    assertRefused(revoke([first], "none", 20), "unknown", /no key has this id/);
  });

  it("has a successor on every node, whatever their clocks say", () => {
    const keys = after([first], revoke([first], "first", 20));
    for (const minutes of [19.9, 20, 20.1]) assert.equal(statesAt(minutes, keys)["fresh"], "active");
  });

  it("by a clock that is behind, of a key that signs because of a revocation, has a successor again", () => {
    const keys = after([first], revoke([first], "first", 20.05));
    const again = after(keys, revokeKey(keys, { keyId: "fresh", fresh: freshKey("third") }, factsAt(20)));
    assert.deepEqual(statesAt(20, again), { first: "revoked", fresh: "revoked", third: "active" });
  });

  it("by a clock that is behind, of the only key, has a successor", () => {
    const keys = after([first], revoke([first], "first", -1));
    assert.deepEqual(statesAt(-1, keys), { first: "revoked", fresh: "active" });
  });

  it("in the millisecond in which it starts has a successor", () => {
    assert.deepEqual(statesAt(0, after([first], revoke([first], "first", 0))), { first: "revoked", fresh: "active" });
  });
});

describe("the keys that are due", () => {
  const rotation = 90 * day * minute;
  const due = (keys: readonly SigningKeyRecord[], minutes: number, inUse = es256) =>
    dueKeys(keys, { inUse, rotation }, factsAt(minutes));

  it("are none while the active key is young", () => {
    assert.deepEqual(due([first], 90 * day - 26), []);
  });

  it("include the successor of a key, so that it is known when the key is old", () => {
    assert.deepEqual(due([first], 90 * day - 25), [{ algorithm: "ES256", activeFrom: at(90 * day) }]);
  });

  it("include a late successor, which is published for as long as any other", () => {
    assert.deepEqual(due([first], 100 * day), [{ algorithm: "ES256", activeFrom: at(100 * day + 25) }]);
  });

  it("are none while a key is upcoming", () => {
    assert.deepEqual(due([first, key("next", { published: 90 * day - 25, signs: 90 * day })], 90 * day - 20), []);
  });

  it("include the first key of an algorithm, which is published before it signs", () => {
    assert.deepEqual(due([first], 10, new Set(["ES256", "RS256"] as const)), [
      { algorithm: "RS256", activeFrom: at(35) },
    ]);
  });

  it("include the first key of an algorithm whose only key was retired", () => {
    assert.deepEqual(due([{ ...first, retiredAt: at(5) }], 10), [{ algorithm: "ES256", activeFrom: at(35) }]);
  });

  it("leave out algorithms that no setting names", () => {
    assert.deepEqual(due([first, { ...first, keyId: "rsa", algorithm: "RS256" }], 10), []);
  });

  it("are only first keys when rotation is off", () => {
    const inUse = new Set(["ES256", "RS256"] as const);
    const { [0]: only, length } = dueKeys([first], { inUse, rotation: null }, factsAt(900 * day));
    assert.deepEqual([only?.algorithm, length], ["RS256", 1]);
  });

  it("are added with the time from which they sign", () => {
    assert.deepEqual(after([first], addDueKey([first], { fresh, activeFrom: at(35) }, at(10))), [
      first,
      key("fresh", { published: 10, signs: 35 }),
    ]);
  });
});

describe("the keys that have ended", () => {
  const hour = 60;
  const removedAt = 35 + day + 62 / 60 + 25;

  it("are those that were removed more than an hour ago, in case the clock is ahead", () => {
    assert.deepEqual(endedKeys([first, upcoming], factsAt(removedAt + hour - 0.01)), []);
    assert.deepEqual(endedKeys([first, upcoming], factsAt(removedAt + hour)), ["first"]);
  });

  it("are not those that were revoked, so that nobody imports them again", () => {
    assert.deepEqual(endedKeys([{ ...first, revokedAt: at(5) }, upcoming], factsAt(400 * day)), []);
  });
});

describe("the warning about an early key", () => {
  const early = key("early", { published: 20, signs: 20 });

  it("says which verifiers refuse its tokens, and until when", () => {
    assert.equal(
      earlyKeyWarning(early, factsAt(20)),
      "verifiers that cached the JWKS before 2026-11-21T12:20:00.000Z, and do not ask for it again when they see an unknown kid, refuse new tokens until 2026-11-21T12:25:00.000Z",
    );
  });

  it("is missing once the key has been published for a cache lifetime", () => {
    assert.notEqual(earlyKeyWarning(early, factsAt(24.9)), undefined);
    assert.equal(earlyKeyWarning(early, factsAt(25)), undefined);
  });
});
