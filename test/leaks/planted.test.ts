import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { PlantedSecrets } from "./planted.ts";

// Without these tests, a blind spot of the search would make the other tests here pass

const spellings: Readonly<Record<string, (secret: string) => string>> = {
  unencoded: (secret) => secret,
  "in JSON": (secret) => JSON.stringify({ secret }),
  "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify({ secret })),
  "in a URL": (secret) => `/path?${new URLSearchParams({ secret })}`,
  "percent-encoded": encodeURIComponent,
  "in hex": (secret) => Buffer.from(secret).toString("hex"),
  "in base64": (secret) => Buffer.from(secret).toString("base64"),
  "in base64 after one byte": (secret) => Buffer.from(`a${secret}b`).toString("base64"),
  "in base64 after two bytes": (secret) => Buffer.from(`ab${secret}c`).toString("base64"),
  "in base64url": (secret) => Buffer.from(`abc${secret}d`).toString("base64url"),
  "in the message of a JSON parser": (secret) => {
    try {
      return JSON.parse(`{"a": x${secret}`);
    } catch (error) {
      return String(error);
    }
  },
  "as a Buffer": (secret) => inspect({ value: Buffer.from(secret) }),
  "as an array of bytes": (secret) => inspect({ value: new Uint8Array(Buffer.from(secret)) }, { maxArrayLength: null }),
};

for (const [spelling, spell] of Object.entries(spellings)) {
  test(`finds a planted secret ${spelling}, at any position`, () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{24,40}$/), fc.string(), fc.string(), (secret, before, after) => {
        const planted = new PlantedSecrets();
        planted.text("planted", secret);
        assert.notDeepEqual(planted.findIn(`${before}${spell(secret)}${after}`), []);
      }),
      { numRuns: 50 },
    );
  });
}

test("finds a planted secret of unusual characters unencoded, in JSON and in a URL", () => {
  const planted = new PlantedSecrets();
  const secret = planted.text("planted", 'späßig "quoted" \\ 100 % + : &');
  assert.notDeepEqual(planted.findIn(secret), []);
  assert.notDeepEqual(planted.findIn(JSON.stringify(secret)), []);
  assert.notDeepEqual(planted.findIn(encodeURIComponent(secret)), []);
});

test("finds nothing in text without a secret", () => {
  const planted = new PlantedSecrets();
  planted.text("planted", randomBytes(24).toString("base64url"));
  assert.deepEqual(planted.findIn(randomBytes(100_000)), []);
  assert.deepEqual(planted.findIn(inspect(globalThis, { depth: 4, showHidden: true })), []);
});
