import assert from "node:assert/strict";
import { test } from "node:test";
import { Redacted } from "@carnet/protocol/redacted";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import fc from "fast-check";

const secret = "planted-secret-0123456789";
const name = fc.constantFrom("a", "b", "c", "d", "e|r", "f:w");
const names = fc.uniqueArray(name, { maxLength: 6 });

/** The contract of each policy, as an operation on sets. */
const expected: Readonly<Record<string, (registered: string[], asked: string[]) => string[] | undefined>> = {
  ignore: (registered) => registered,
  strict: (registered, asked) =>
    asked.every((one) => registered.includes(one)) ? registered.filter((one) => asked.includes(one)) : undefined,
  narrow: (registered, asked) => {
    const granted = registered.filter((one) => asked.includes(one));
    return granted.length > 0 ? granted : undefined;
  },
};

for (const [policy, grant] of Object.entries(expected)) {
  test(`a client with the policy ${policy} is granted the scopes of the contract, in the registered order`, async () => {
    await fc.assert(
      fc.asyncProperty(names, fc.array(name, { minLength: 1, maxLength: 8 }), async (registered, asked) => {
        const endpoint = new TestEndpoint();
        await endpoint.register({
          client_id: "app",
          secret: { value: new Redacted(secret) },
          scope: registered.join(" "),
          scope_policy: policy,
        });
        const { status, body } = await endpoint.post({
          client_id: "app",
          client_secret: secret,
          scope: asked.join(" "),
        });
        const granted = grant(registered, asked);
        assert.equal(status, granted === undefined ? 400 : 200);
        if (granted !== undefined) assert.equal(body["scope"], granted.join(" "));
        else assert.equal(body["error"], "invalid_scope");
      }),
    );
  });

  test(`a client with the policy ${policy} is granted all its scopes when it requests none`, async () => {
    const endpoint = new TestEndpoint();
    await endpoint.register({
      client_id: "app",
      secret: { value: new Redacted(secret) },
      scope: "b a",
      scope_policy: policy,
    });
    const { body } = await endpoint.post({ client_id: "app", client_secret: secret });
    assert.equal(body["scope"], "b a");
  });
}
