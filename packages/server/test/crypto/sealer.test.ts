import assert from "node:assert/strict";
import { createCipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { createMasterKey, dataKeyOf, makeDataKey, open, seal } from "@carnet/server/crypto/sealer";
import { testMasterKey } from "@carnet/testkit/test-data-keys";
import fc from "fast-check";

const dataKey = makeDataKey();

suite("a sealed value", () => {
  test("opens under the same data key and context", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, context) => {
        assert.deepEqual([...(open(dataKey, seal(dataKey, plain, context), context) ?? [])], [...plain]);
      }),
    );
  });

  test("has the format of docs/reference/sealed-values.md", () => {
    const known = { id: "0102030405060708", key: createSecretKey(Buffer.alloc(32, 9)) };
    const sealed = Buffer.from(seal(known, Buffer.from("pepper"), "the context"));
    assert.equal(sealed.subarray(0, 9).toString("hex"), "020102030405060708");
    const iv = sealed.subarray(9, 21);
    const cipher = createCipheriv("aes-256-gcm", Buffer.alloc(32, 9), iv).setAAD(Buffer.from("the context"));
    const encrypted = Buffer.concat([cipher.update("pepper"), cipher.final()]);
    assert.deepEqual(sealed.subarray(21), Buffer.concat([encrypted, cipher.getAuthTag()]));
  });

  test("does not open under another context, another data key, or one with the same id", () => {
    const sealed = seal(dataKey, Buffer.from("pepper"), "pepper");
    assert.equal(open(dataKey, sealed, "signing-key/1"), undefined);
    assert.equal(open(dataKey, sealed, ""), undefined);
    assert.equal(open(makeDataKey(), sealed, "pepper"), undefined);
    assert.equal(open({ ...makeDataKey(), id: dataKey.id }, sealed, "pepper"), undefined);
  });

  test("does not open after any bit is changed, removed or added", () => {
    const sealed = seal(dataKey, Buffer.from("pepper"), "pepper");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(open(dataKey, damaged, "pepper"), undefined, `bit ${bit}`);
    }
    for (let length = 0; length < sealed.length; length++)
      assert.equal(open(dataKey, sealed.subarray(0, length), "pepper"), undefined);
    assert.equal(open(dataKey, Buffer.concat([sealed, Buffer.of(0)]), "pepper"), undefined);
  });

  test("of any bytes never throws", () => {
    for (let length = 0; length < 100; length++)
      for (const version of [1, 2]) {
        const bytes = randomBytes(length);
        if (length > 0) bytes[0] = version;
        const id = dataKeyOf(bytes) ?? dataKey.id;
        assert.equal(open({ ...dataKey, id }, bytes, "pepper"), undefined);
        assert.equal(testMasterKey().openFirstVersion(bytes, "pepper"), undefined);
        assert.equal(testMasterKey().unwrap(id, bytes), undefined);
      }
  });

  test("is different each time, and does not contain the text", () => {
    const seals = Array.from({ length: 50 }, () => Buffer.from(seal(dataKey, Buffer.from("planted-secret"), "x")));
    assert.equal(new Set(seals.map((sealed) => sealed.toString("hex"))).size, 50);
    assert.ok(seals.every((sealed) => !sealed.includes("planted")));
  });
});

suite("a master key", () => {
  test("unwraps the data keys that it has wrapped, under their id, and no others", () => {
    const master = testMasterKey();
    const wrapped = master.wrap(dataKey);
    assert.ok(master.unwrap(dataKey.id, wrapped)?.key.equals(dataKey.key));
    assert.equal(master.unwrap(makeDataKey().id, wrapped), undefined);
    assert.equal(testMasterKey(2).unwrap(dataKey.id, wrapped), undefined);
    assert.equal(wrapped.length, 12 + 32 + 16);
  });

  test("has an id of 16 digits that is always the same and contains nothing of the key", () => {
    assert.equal(testMasterKey().id, testMasterKey().id);
    assert.notEqual(testMasterKey(2).id, testMasterKey().id);
    const derived = Buffer.from(hkdfSync("sha256", Buffer.alloc(32, 1), "", "carnet/master-key-id/v1", 8));
    assert.equal(testMasterKey().id, derived.toString("hex"));
  });

  test("opens values of version 1", () => {
    const key = Buffer.alloc(32, 5);
    const derived = Buffer.from(hkdfSync("sha256", key, "", "carnet/seal/v1", 32));
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", derived, iv).setAAD(Buffer.from("pepper"));
    const sealed = Buffer.concat([Buffer.of(1), iv, cipher.update("old"), cipher.final(), cipher.getAuthTag()]);
    assert.equal(dataKeyOf(sealed), undefined);
    const master = createMasterKey(createSecretKey(key));
    assert.equal(master.openFirstVersion(sealed, "pepper")?.toString(), "old");
    assert.equal(master.openFirstVersion(sealed, "other"), undefined);
    assert.equal(testMasterKey(6).openFirstVersion(sealed, "pepper"), undefined);
  });

  test("and a data key show no key when they are printed", () => {
    const key = Buffer.from("a master key of thirty-two bytes");
    const printed = inspect(createMasterKey(createSecretKey(key)), { depth: 9, showHidden: true });
    assert.ok(!printed.includes("thirty") && !printed.includes(key.toString("hex").slice(0, 16)), printed);
    const secret = dataKey.key.export().toString("hex").slice(0, 16);
    assert.ok(!inspect(dataKey, { depth: 9, showHidden: true }).replaceAll(" ", "").includes(secret));
  });
});
