import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecretHasher } from "@carnet/server/crypto/secret-hasher";

const hasher = createSecretHasher(Buffer.alloc(32, 1));
const otherPepper = createSecretHasher(Buffer.alloc(32, 2));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("a digest depends on the pepper, the client id, the secret, and the boundary between id and secret", () => {
  const digest = hex(hasher.digest("app", "secret"));
  assert.equal(hex(createSecretHasher(Buffer.alloc(32, 1)).digest("app", "secret")), digest);
  const others = [
    hasher.digest("app", "secreT"),
    hasher.digest("apq", "secret"),
    hasher.digest("apps", "ecret"),
    hasher.digest("ap", "psecret"),
    otherPepper.digest("app", "secret"),
  ];
  assert.equal(new Set([digest, ...others.map(hex)]).size, 6);
});
