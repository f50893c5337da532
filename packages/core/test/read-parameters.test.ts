import assert from "node:assert/strict";
import { test } from "node:test";
import { readParameters } from "@carnet/core/token/read-parameters";
import { Redacted } from "@carnet/protocol/redacted";

/** The secret that a form has, as it is read. */
function secretIn(body: string): string | undefined {
  const read = readParameters({ contentType: "application/x-www-form-urlencoded", body: new Redacted(body) }, [
    "client_secret",
  ]);
  assert.ok(read.ok);
  return read.value.client_secret;
}

test("one line end after a form is dropped, and no other white space, which could be the end of a secret", () => {
  for (const end of ["", "\n", "\r\n"]) assert.equal(secretIn(`client_secret=s${end}`), "s");
  for (const end of [" ", "\t", "\r", "\n ", "+", "%0A"]) assert.notEqual(secretIn(`client_secret=s${end}`), "s", end);
  assert.equal(secretIn("client_secret=s\n\n"), "s\n");
  assert.equal(secretIn("client_secret=s\n&scope=a"), "s\n");
});
