import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type ClientSecret, secretStateAt } from "@carnet/core/client/client-secret";

suite("The state of a secret", () => {
  const base: ClientSecret = {
    ...{ label: null, kind: "generated", digest: new Uint8Array(), createdAt: 0 },
    ...{ pepper: "first", mustBeUsedBy: null },
    ...{ notBefore: null, expiresAt: null, idle: null, revokedAt: null, lastUse: null },
    secretId: "" as ClientSecret["secretId"],
    handle: "" as ClientSecret["handle"],
  };
  const ends = { revokedAt: 5, expiresAt: 50, idle: { since: 10, after: 30 }, notBefore: 100 } as const;
  const state = (changes: Partial<ClientSecret>, at: number, lastUse: number | null = null) =>
    secretStateAt({ ...base, ...changes }, at, lastUse === null ? null : { at: lastUse });

  for (const [what, changes, times] of [
    ["without limits", {}, [[0, "active"]]],
    [
      "that was revoked",
      { revokedAt: 5 },
      [
        [0, "revoked"],
        [9, "revoked"],
      ],
    ],
    [
      "with an expiry",
      { expiresAt: 50 },
      [
        [49, "active"],
        [50, "expired"],
        [51, "expired"],
      ],
    ],
    [
      "with a not_before",
      { notBefore: 50 },
      [
        [49, "pending"],
        [50, "active"],
      ],
    ],
    [
      "that expires when idle",
      { idle: { since: 10, after: 30 } },
      [
        [39, "active"],
        [40, "idle"],
      ],
    ],
    [
      "with every limit",
      ends,
      [
        [0, "revoked"],
        [200, "revoked"],
      ],
    ],
    [
      "with every limit but a revocation",
      { ...ends, revokedAt: null },
      [
        [39, "pending"],
        [40, "idle"],
        [50, "expired"],
      ],
    ],
    [
      "that expires before it becomes valid",
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

  test("that expires when idle counts from its last use, or from the rotation if that is later", () => {
    const changes = { idle: { since: 10, after: 30 } };
    assert.equal(state(changes, 49, 20), "active");
    assert.equal(state(changes, 50, 20), "idle");
    assert.equal(state(changes, 39, 5), "active");
    assert.equal(state(changes, 40, 5), "idle");
  });
});
