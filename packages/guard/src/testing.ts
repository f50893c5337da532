/** An issuer in memory, for the tests of APIs: `@carnet/guard/testing`. */
export {};
