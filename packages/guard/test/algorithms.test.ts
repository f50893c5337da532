// The algorithms with which Carnet can sign, through the guard.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { failureOf, openWorld, paths } from "./support/world.ts";

suite("The guard", () => {
  for (const algorithm of signingAlgorithmNames)
    test(`verifies a token and a revocation feed that ${algorithm} signed`, async () => {
      const { issuer, guard, countOf } = await openWorld({ revocations: {} }, { algorithm });
      const token = await issuer.issue({ scopes: ["file:read"] });
      assert.deepEqual((await guard.verify(token)).scopes, ["file:read"]);
      assert.equal(countOf(paths.feed), 1);
      const altered = `${token.slice(0, -20)}${token.at(-20) === "A" ? "B" : "A"}${token.slice(-19)}`;
      assert.equal(Object(await failureOf(guard.verify(altered))).reason, "signature");
    });

  test("says that the runtime is the problem when it lacks the algorithm", async (context) => {
    const { issuer, guard } = await openWorld({ revocations: false }, { algorithm: "ML-DSA-44" });
    const token = await issuer.issue();
    // As Node 20 and 22 do
    context.mock.method(crypto.subtle, "importKey", async () => {
      throw new DOMException("Unrecognized algorithm name", "NotSupportedError");
    });
    const failure = await failureOf(guard.verify(token));
    assert.equal(Object(failure).reason, "algorithm");
    assert.match(failure.message, /^This runtime cannot check .* such as ES256\.$/);
  });
});
