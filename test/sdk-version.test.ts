// The version in the SDK's user agent is the version of its package.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SDK } from "@carnet/sdk";

test("the user agent of the SDK has the version of its package", async () => {
  const { version }: { version: string } = JSON.parse(readFileSync("packages/sdk/package.json", "utf8"));
  let seen: string | null = null;
  const sdk = new SDK({
    security: { clientId: "id", clientSecret: "secret" },
    serverURL: "https://api.example.test",
    httpClient: async (input, init) => {
      seen = new Request(input, init).headers.get("user-agent");
      return Response.json({ access_token: "t", token_type: "Bearer" });
    },
  });
  await sdk.iam.tokenRequest();
  assert.equal(seen, `carnet-sdk-typescript/${version}`);
});
