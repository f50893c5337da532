import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AlgorithmChoice,
  algorithmsInUse,
  isPublished,
  keyStates,
  neverSigns,
  ringAt,
  signingKeyFor,
} from "@carnet/core/key/key-ring";
import { at, key, statesAt, times } from "./support/sample-keys.ts";

const day = 1440;
const first = key("first", { published: 0, signs: 0 });
const second = key("second", { published: 10, signs: 35 });

describe("the state of a key", () => {
  it("is upcoming while it is published and does not sign yet", () => {
    assert.deepEqual(statesAt(34.9, [first, second]), { first: "active", second: "upcoming" });
  });

  it("is active from its time on, and the earlier key of the algorithm is then retiring", () => {
    assert.deepEqual(statesAt(35, [first, second]), { first: "retiring", second: "active" });
  });

  it("is retiring for the longest token lifetime, the tolerance of verifiers and the publication time", () => {
    const end = 35 + day + 62 / 60 + 25;
    assert.equal(statesAt(end - 0.01, [first, second])["first"], "retiring");
    assert.equal(statesAt(end, [first, second])["first"], "removed");
    const [{ endsAt } = assert.fail()] = ringAt([first, second], at(35), times);
    assert.equal(endsAt, at(end));
  });

  it("is retiring once an operator has retired it, also if nothing takes over", () => {
    assert.deepEqual(statesAt(5, [{ ...first, retiredAt: at(5) }]), { first: "retiring" });
  });

  it("is revoked for ever", () => {
    const keys = [{ ...first, revokedAt: at(5) }, second];
    for (const minutes of [5, 40, 400 * day]) assert.equal(statesAt(minutes, keys)["first"], "revoked");
  });

  it("is unchanged by a successor that was taken out of use before it signed", () => {
    for (const end of [{ retiredAt: at(20) }, { revokedAt: at(20) }])
      assert.equal(statesAt(40, [first, { ...second, ...end }])["first"], "active");
  });

  it("does not go back to active when its successor is revoked", () => {
    assert.deepEqual(statesAt(50, [first, { ...second, revokedAt: at(50) }]), { first: "retiring", second: "revoked" });
  });

  it("depends only on keys of the same algorithm", () => {
    const other = key("other", { algorithm: "RS256", published: 10, signs: 35 });
    assert.deepEqual(statesAt(40, [first, other]), { first: "active", other: "active" });
  });

  it("is active by a clock that is behind, when the key succeeds a revoked one", () => {
    const revoked = key("revoked", { published: 0, signs: 0, revoked: 10 });
    const successor = key("successor", { published: 10, signs: 10 });
    assert.deepEqual(statesAt(9.95, [revoked, successor]), { revoked: "revoked", successor: "active" });
  });

  it("is upcoming although an earlier key was revoked, when the key was made later", () => {
    const revoked = key("revoked", { published: 0, signs: 0, retired: 5, revoked: 10 });
    assert.equal(statesAt(20, [revoked, key("later", { published: 20, signs: 45 })])["later"], "upcoming");
  });

  it("does not depend on the order of the keys", () => {
    assert.deepEqual(statesAt(40, [second, first]), statesAt(40, [first, second]));
  });

  it("is decided by the ids when two keys have the same times", () => {
    const twin = { ...second, keyId: "twin" };
    for (const keys of [
      [second, twin],
      [twin, second],
    ])
      assert.deepEqual(statesAt(40, keys), { second: "retiring", twin: "active" });
  });

  it("names the time that ends it, if the time alone does", () => {
    const ends = (minutes: number) => ringAt([first, second], at(minutes), times).map(({ endsAt }) => endsAt);
    assert.deepEqual(ends(20), [null, at(35)]);
    assert.deepEqual(ends(5000), [null, null]);
  });
});

describe("a key never signs", () => {
  it("that ended before its time", () => {
    assert.ok(neverSigns({ ...second, retiredAt: at(34) }));
    assert.ok(neverSigns({ ...second, revokedAt: at(34) }));
  });

  it("and signs if it ended at its time or later, or not at all", () => {
    assert.ok(!neverSigns(second));
    assert.ok(!neverSigns({ ...second, retiredAt: at(35) }));
    assert.ok(!neverSigns({ ...second, revokedAt: at(36) }));
  });
});

describe("JWKS", () => {
  it("has the keys that sign, will sign, or have signed tokens that may be valid", () => {
    assert.deepEqual(keyStates.filter(isPublished), ["upcoming", "active", "retiring"]);
  });
});

describe("the key that signs for an audience", () => {
  const rsa = key("rsa", { algorithm: "RS256", published: 0, signs: 25 });
  const choice: AlgorithmChoice = { byDefault: "ES256", byAudience: new Map([["https://old.example", "RS256"]]) };
  const signs = (minutes: number, keys: readonly (typeof first)[], audience: string | null, by = choice) =>
    signingKeyFor(audience, ringAt(keys, at(minutes), times), by)?.keyId;

  it("is of the audience's algorithm", () => {
    assert.equal(signs(30, [first, rsa], "https://old.example"), "rsa");
  });

  it("is of the default algorithm for other audiences and for none", () => {
    for (const audience of ["https://new.example", null]) assert.equal(signs(30, [first, rsa], audience), "first");
  });

  it("is of the default algorithm until the first key of the audience's algorithm signs", () => {
    assert.equal(signs(20, [first, rsa], "https://old.example"), "first");
  });

  it("is the newest active one while a new default has no key that signs", () => {
    const by: AlgorithmChoice = { byDefault: "Ed25519", byAudience: new Map() };
    const upcoming = key("upcoming", { algorithm: "Ed25519", published: 30, signs: 55 });
    assert.equal(signs(30, [first, rsa, upcoming], null, by), "rsa");
    assert.equal(signs(55, [first, rsa, upcoming], null, by), "upcoming");
  });

  it("is the only key, by a clock that is behind that of the node that made it", () => {
    assert.equal(signs(-1, [first], null), "first");
  });

  it("is missing if every key has ended", () => {
    assert.equal(signs(5, [{ ...first, revokedAt: at(5) }], null), undefined);
  });

  it("makes each algorithm that is named one in use", () => {
    assert.deepEqual([...algorithmsInUse(choice)], ["ES256", "RS256"]);
  });
});
