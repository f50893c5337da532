import { MemoryClientStore } from "@carnet/testkit/memory-client-store";
import { testClientStore } from "@carnet/testkit/store-conformance";

testClientStore("Memory", async () => {
  const store = new MemoryClientStore();
  return { store, other: store, contenders: [store], async [Symbol.asyncDispose]() {} };
});
