import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { formatGeneratedSecret, generatedSecretRandom, isMistypedSecret } from "@carnet/protocol/client-secret";
import { parseClientId, parseSecretId } from "@carnet/protocol/ids";
import { anyText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const secretId = fc.stringMatching(/^[a-z0-9]{16}$/).map((text) => {
  const id = parseSecretId(text);
  assert.ok(id.ok);
  return id.value;
});
const random = fc.stringMatching(/^[0-9A-Za-z]{43}$/);

test("a generated secret contains its id and has a valid checksum", () => {
  fc.assert(
    fc.property(secretId, random, (id, body) => {
      const secret = formatGeneratedSecret(id, body);
      assert.match(secret, /^carnet_[a-z0-9]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
      assert.ok(secret.startsWith(`carnet_${id}_`));
      assert.equal(isMistypedSecret(secret), false);
    }),
  );
});

test("one wrong character in the random part or the checksum is detected", () => {
  fc.assert(
    fc.property(secretId, random, fc.nat(48), fc.stringMatching(/^[0-9A-Za-z]$/), (id, body, place, char) => {
      const secret = formatGeneratedSecret(id, body);
      const at = "carnet_".length + 17 + (place < 43 ? place : place + 1);
      fc.pre(secret[at] !== char);
      assert.equal(isMistypedSecret(`${secret.slice(0, at)}${char}${secret.slice(at + 1)}`), true);
    }),
  );
});

test("the checksum is the platform's CRC-32 in base62", () => {
  const alphabet = generatedSecretRandom.alphabet;
  fc.assert(
    fc.property(secretId, random, (id, body) => {
      const secret = formatGeneratedSecret(id, body);
      const value = [...secret.slice(-6)].reduce((sum, char) => sum * 62 + alphabet.indexOf(char), 0);
      assert.equal(value, crc32(secret.slice(0, -7)));
    }),
  );
});

test("the random part has at least 256 bits", () => {
  assert.equal(new Set(generatedSecretRandom.alphabet).size, 62);
  assert.ok(generatedSecretRandom.length * Math.log2(generatedSecretRandom.alphabet.length) >= 256);
});

test("no other text counts as mistyped", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(isMistypedSecret(text), false);
    }),
  );
  for (const near of [
    `carnet_${"a".repeat(16)}_${"b".repeat(43)}_cccccc\n`,
    ` carnet_${"a".repeat(16)}_${"b".repeat(43)}_cccccc`,
  ]) {
    assert.equal(isMistypedSecret(near), false);
  }
});

test("a client id is 1 to 255 printable ASCII characters, without colon or outer space [RFC6749 §A.1]", () => {
  for (const id of ["a", "a".repeat(255), "a b", "!~", "%", '"\\']) assert.ok(parseClientId(id).ok, id);
  for (const id of ["", " ", " a", "a ", "a:b", "a".repeat(256), "ä", "a\n", "a\0b", "\u007f"])
    assert.ok(!parseClientId(id).ok, id);
});

test("parsing takes linear time", () => {
  assertLinear((size) => `carnet_${"a".repeat(size)}`, isMistypedSecret);
  assertLinear((size) => "a ".repeat(size), parseClientId);
});
