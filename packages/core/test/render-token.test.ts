import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToken } from "@carnet/core/token/render";
import { Redacted } from "@carnet/protocol/redacted";
import fc from "fast-check";

const scopeCharacter = fc
  .integer({ min: 0x20, max: 0x7e })
  .map((code) => String.fromCharCode(code))
  .filter((character) => character !== '"' && character !== "\\");
const base64url = fc.base64String().map((text) => Buffer.from(text, "base64").toString("base64url"));

test("the answer is JSON with four members for any token and any scope [RFC6749 §5.1]", () => {
  fc.assert(
    fc.property(base64url, fc.nat(), fc.string({ unit: scopeCharacter }), (text, expiresIn, scope) => {
      const { body } = renderToken({ accessToken: new Redacted(`a.${text}.b`), expiresIn, scope }, []);
      const expected = { access_token: `a.${text}.b`, expires_in: expiresIn, scope, token_type: "Bearer" };
      assert.equal(body.reveal(), JSON.stringify(expected));
    }),
  );
});
