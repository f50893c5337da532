/** An issuer in memory, for the tests of APIs: `@carnet/guard/testing`. */

export {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TestRevocation,
  type TestToken,
} from "./testing/test-issuer.ts";
