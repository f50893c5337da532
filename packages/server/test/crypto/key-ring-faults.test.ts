import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { SigningKeyRecord } from "@carnet/core/key/key-ring";
import { KeyRing } from "@carnet/server/crypto/key-ring";
import { exportPrivateKey, generateSigningKey, type SigningKey } from "@carnet/server/crypto/signing-key";
import { FixedClock } from "@carnet/testkit/fixed-clock";

const [first, second] = [await generateSigningKey("ES256"), await generateSigningKey("ES256")];

const times = { jwksMaxAge: 300_000, publication: 600_000 };

/** A ring over keys that a test changes. Private keys in `closed` do not open. */
function openRing() {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const keys: SigningKeyRecord[] = [recordOf(first, clock.now() - 1000)];
  const closed = new Set<string>();
  const opened: string[] = [];
  const ring = new KeyRing({
    clock,
    times,
    algorithms: { byDefault: "ES256", byAudience: new Map() },
    source: {
      list: async () => [...keys],
      async openPrivateKey(keyId) {
        opened.push(keyId);
        const key = [first, second].find((one) => one.keyId === keyId);
        if (key === undefined || closed.has(keyId)) throw new Error("does not open");
        return exportPrivateKey(key);
      },
    },
  });
  const signedBy = async () => (await ring.sign({}, "at+jwt", null)).keyId;
  const published = () => ring.published.map(({ kid }) => kid);
  return { clock, keys, closed, opened, ring, signedBy, published };
}

const recordOf = ({ keyId, algorithm, publicJwk }: SigningKey, from: number): SigningKeyRecord => ({
  ...{ keyId, algorithm, publicJwk, createdAt: from, activeFrom: from, retiredAt: null, revokedAt: null },
});

suite("a key ring", () => {
  test("follows a revocation although the private key of the successor does not open", async () => {
    const { clock, keys, closed, ring, signedBy, published } = openRing();
    await ring.refresh();
    assert.equal(await signedBy(), first.keyId);
    closed.add(second.keyId);
    keys.splice(0, 1, { ...recordOf(first, clock.now() - 1000), revokedAt: clock.now() });
    keys.push(recordOf(second, clock.now()));
    await assert.rejects(ring.refresh(), /does not open/);
    assert.deepEqual(published(), [second.keyId]);
    await assert.rejects(signedBy(), /private key of the signing key is not open/);
    closed.clear();
    await ring.refresh();
    assert.equal(await signedBy(), second.keyId);
  });

  test("opens the other private keys although one does not open", async () => {
    const { clock, keys, closed, ring, signedBy } = openRing();
    closed.add(second.keyId);
    keys.unshift(recordOf(second, clock.now() + 60_000));
    await assert.rejects(ring.refresh(), /does not open/);
    assert.equal(await signedBy(), first.keyId);
  });

  test("still signs when the clock is set back over a rotation", async () => {
    const { clock, keys, opened, ring, signedBy } = openRing();
    keys.push(recordOf(second, clock.now() + 1000));
    await ring.refresh();
    clock.advance(1500);
    await ring.refresh();
    assert.equal(await signedBy(), second.keyId);
    clock.advance(-1000);
    assert.equal(await signedBy(), first.keyId);
    assert.deepEqual(opened, [first.keyId, second.keyId]);
  });
});
