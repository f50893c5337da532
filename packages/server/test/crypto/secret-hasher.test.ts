import assert from "node:assert/strict";
import { test } from "node:test";
import { keyedDigest } from "@carnet/server/crypto/secret-hasher";

const digestOf = keyedDigest(Buffer.alloc(32, 1));
const otherDigestOf = keyedDigest(Buffer.alloc(32, 2));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("a digest depends on the pepper, the client id, the secret, and the boundary between id and secret", () => {
  const digest = hex(digestOf("app", "secret"));
  assert.equal(hex(keyedDigest(Buffer.alloc(32, 1))("app", "secret")), digest);
  const others = [
    digestOf("app", "secreT"),
    digestOf("apq", "secret"),
    digestOf("apps", "ecret"),
    digestOf("ap", "psecret"),
    otherDigestOf("app", "secret"),
  ];
  assert.equal(new Set([digest, ...others.map(hex)]).size, 6);
});
