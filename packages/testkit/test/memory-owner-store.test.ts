import { MemoryClientStore } from "@carnet/testkit/memory-client-store";
import { testOwnerStore } from "@carnet/testkit/owner-store-conformance";

testOwnerStore("Memory", async () => {
  const clients = new MemoryClientStore();
  const { owners } = clients;
  return { owners, other: owners, clients, events: clients.events, async [Symbol.asyncDispose]() {} };
});
