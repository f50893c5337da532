import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExpiryNotice, expiryWarningMember, formatExpiryWarnings } from "@carnet/protocol/expiry-warning";
import fc from "fast-check";

const notice: fc.Arbitrary<ExpiryNotice> = fc.record(
  {
    what: fc.constantFrom("client", "secret"),
    secretId: fc.option(fc.stringMatching(/^[a-z0-9]{16}$/)),
    endsAt: fc.nat(4_102_444_800).map((seconds) => seconds * 1000),
    withinDays: fc.constantFrom(90, 60, 30, 14, 7, 1, 0),
  },
  { noNullPrototype: true },
);

const read = (header: string) =>
  [...header.matchAll(expiryWarningMember)].map(([, what, at, within, secretId = null]) => ({
    what,
    secretId,
    endsAt: Number(at) * 1000,
    withinDays: Number(within),
  }));

test("the member pattern parses the header that the formatter writes [RFC9651 §3.1]", () => {
  fc.assert(fc.property(fc.array(notice), (notices) => assert.deepEqual(read(formatExpiryWarnings(notices)), notices)));
});
