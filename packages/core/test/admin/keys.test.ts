import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  importKey,
  type KeyAdminPorts,
  type KeyPorts,
  listKeys,
  retireSigningKey,
  revokeSigningKey,
  rotateKey,
} from "@carnet/core/admin/keys";
import type { AuditEvent } from "@carnet/core/audit/event";
import { cliOrigin } from "@carnet/core/audit/recorder";
import { Redacted } from "@carnet/protocol/redacted";
import { countingIds } from "@carnet/testkit/counting-ids";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { keyPortsOf, MemorySigningKeyStore } from "@carnet/testkit/memory-signing-key-store";

const minute = 60_000;

/** A ring without keys, and what was recorded. */
function open(changes: Partial<KeyPorts> = {}) {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const recorded: AuditEvent[] = [];
  const ports: KeyAdminPorts = {
    ...{ clock, eventIds: countingIds(), origin: cliOrigin("key_rotated") },
    recorder: { record: (event) => void recorded.push(event) },
    keys: { ...keyPortsOf(new MemorySigningKeyStore()), ...changes },
  };
  const rotate = async (now: boolean, algorithm: "ES256" | "ML-DSA-44" = "ES256") => {
    clock.advance(1000);
    const rotated = await rotateKey({ algorithm, now }, ports);
    return rotated.ok ? rotated.value : assert.fail(rotated.error.detail);
  };
  return { clock, ports, recorded, rotate };
}

suite("listing the signing keys", () => {
  const replacedFrom = async (
    changes: Partial<KeyPorts>,
    change: (ring: ReturnType<typeof open>) => Promise<unknown>,
  ) => {
    const ring = open(changes);
    await change(ring);
    const times = (await listKeys(ring.ports)).map(({ replacedFrom: at }) => at && new Date(at).toISOString());
    return times;
  };

  test("says from when another key signs: the upcoming one, or the next one by the rotation", async () => {
    assert.deepEqual(await replacedFrom({}, ({ rotate }) => rotate(true)), ["2027-02-19T12:00:01.000Z"]);
    const withUpcoming = async ({ rotate }: ReturnType<typeof open>) => {
      await rotate(true);
      await rotate(false);
    };
    assert.deepEqual(await replacedFrom({}, withUpcoming), ["2026-11-21T12:25:02.000Z", null]);
  });

  test("expects the next key no sooner than it could sign, if an overdue one was not made yet", async () => {
    const overdue = async ({ rotate, clock }: ReturnType<typeof open>) => {
      await rotate(true);
      clock.advance(91 * 24 * 60 * minute);
    };
    assert.deepEqual(await replacedFrom({}, overdue), ["2027-02-20T12:25:01.000Z"]);
  });

  test("says nothing of keys that nothing replaces: without a rotation, and of an algorithm that no setting names", async () => {
    assert.deepEqual(await replacedFrom({ rotation: null }, ({ rotate }) => rotate(true)), [null]);
    assert.deepEqual(await replacedFrom({}, ({ rotate }) => rotate(true, "ML-DSA-44")), [null]);
  });
});

suite("changing the signing keys", () => {
  test("warns of a key that signs early, in the answer and in the event", async () => {
    const { recorded, rotate } = open();
    const { key, warnings } = await rotate(true);
    assert.equal(key.state, "active");
    assert.deepEqual(warnings, [
      "verifiers that cached the JWKS before 2026-11-21T12:00:01.000Z, and do not ask for it again when they see an unknown kid, refuse new tokens until 2026-11-21T12:05:01.000Z",
    ]);
    assert.deepEqual(
      recorded.map((event) => "warning" in event && event.warning),
      warnings,
    );
  });

  test("warns of no early key if it is published first, or was for long enough", async () => {
    const { clock, rotate } = open();
    assert.deepEqual((await rotate(false)).warnings, []);
    clock.advance(5 * minute);
    const { key, warnings } = await rotate(true);
    assert.deepEqual([key.state, warnings], ["active", []]);
  });

  test("warns of a key of an algorithm that no setting names, and of long tokens", async () => {
    const { warnings } = await open().rotate(false, "ML-DSA-44");
    assert.deepEqual(warnings.length, 2);
    assert.match(warnings[0] ?? "", /^no setting of this node names ML-DSA-44/);
    assert.match(warnings[1] ?? "", /^a token signed with ML-DSA-44 has about 3\.7 kB/);
    const byAudience = new Map([["https://api.example.test", "ML-DSA-44" as const]]);
    const used = await open({ algorithms: { byDefault: "ES256", byAudience } }).rotate(false, "ML-DSA-44");
    assert.equal(used.warnings.length, 1);
  });

  test("names the successor of an active key that is revoked", async () => {
    const { clock, ports, rotate } = open();
    const old = (await rotate(true)).key.key.keyId;
    clock.advance(1000);
    const revoked = await revokeSigningKey(old, ports);
    assert.ok(revoked.ok);
    assert.deepEqual([revoked.value.key.state, revoked.value.successor?.state], ["revoked", "active"]);
    assert.deepEqual(
      (await listKeys(ports)).map(({ state }) => state),
      ["revoked", "active"],
    );
  });

  test("lists no key that is removed", async () => {
    const { clock, ports, rotate } = open();
    const old = (await rotate(true)).key.key.keyId;
    await rotate(true);
    clock.advance(2 * 86_400_000);
    assert.deepEqual(
      (await listKeys(ports)).map(({ key, state }) => [key.keyId === old, state]),
      [[false, "active"]],
    );
  });

  test("succeeds if this process cannot read the keys again, because the change is stored", async () => {
    let reads = 0;
    const ring = {
      refreshAnew: async () => {
        reads++;
        throw new Error("the store is away");
      },
    };
    const { ports, rotate } = open({ ring });
    assert.equal((await rotate(true)).key.state, "active");
    assert.deepEqual([reads, (await listKeys(ports)).length], [1, 1]);
  });

  test("refuses what is unknown, known or in another state", async () => {
    const { ports, rotate } = open();
    const { keyId, algorithm, publicJwk } = (await rotate(false)).key.key;
    const pair = { keyId, algorithm, publicJwk, privateKey: new Redacted<Uint8Array>(new Uint8Array()) };
    const reader = { read: async () => ({ ok: true, value: pair }) as const };
    const known = await importKey({ privateKey: new Redacted("") }, { ...ports, keys: { ...ports.keys, reader } });
    const kinds = [
      known,
      await rotateKey({ algorithm, now: false }, ports),
      await retireSigningKey("nothing", ports),
      await revokeSigningKey("nothing", ports),
    ].map((outcome) => outcome.ok || outcome.error.kind);
    assert.deepEqual(kinds, ["key_state", "key_state", "not_found", "not_found"]);
  });
});
