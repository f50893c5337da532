import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SDK } from "@carnet/sdk";
import { addressProblem, isThisMachine, serverOptions } from "../src/server-address.ts";

const own = ["127.0.0.1", "::1", "10.0.0.11", "fd00::2"];

suite("plain HTTP", () => {
  test("is accepted for every address of this machine, which a node behind a proxy listens on", () => {
    for (const host of ["localhost", "iam.localhost", "127.0.0.1", "[::1]", "10.0.0.11", "[fd00::2]"]) {
      assert.equal(addressProblem(`http://${host}:8080`, own), undefined, host);
      assert.ok(isThisMachine(new URL(`http://${host}`).hostname, own), host);
    }
  });

  test("is refused for other machines", () => {
    for (const host of ["10.0.0.12", "[fd00::3]", "iam.example.com", "10.0.0.11.example.com"]) {
      assert.match(addressProblem(`http://${host}:8080`, own) ?? "", /^must start with https:/, host);
      assert.ok(!isThisMachine(new URL(`http://${host}`).hostname, own), host);
    }
  });

  test("to an address of this machine is accepted by the SDK with its options", async () => {
    const security = { clientId: "a", clientSecret: "not a secret" };
    await using _ = new SDK({ ...serverOptions("http://10.0.0.11:8080"), security });
  });
});
