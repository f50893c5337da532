import { FixedClock } from "@carnet/testkit/fixed-clock";
import { MemoryClientStore } from "@carnet/testkit/memory-client-store";
import { MemoryScopeStore } from "@carnet/testkit/memory-scope-store";
import { testClientStore } from "@carnet/testkit/store-conformance";

testClientStore("Memory", async () => {
  const clock = new FixedClock("2026-11-21T12:00:00Z");
  const store = new MemoryClientStore(() => clock.now());
  const { events, owners, revocations } = store;
  return {
    ...{ store, other: store, contenders: [store], answers: store, events, owners, revocations, clock },
    scopes: new MemoryScopeStore(events),
    async [Symbol.asyncDispose]() {},
  };
});
