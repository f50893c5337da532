import { MemoryClientStore } from "@carnet/testkit/memory-client-store";
import { MemoryOwnerStore } from "@carnet/testkit/memory-owner-store";
import { testOwnerStore } from "@carnet/testkit/owner-store-conformance";

testOwnerStore("Memory", async () => {
  const clients = new MemoryClientStore();
  const owners = new MemoryOwnerStore(clients.events, clients);
  return { owners, other: owners, clients, events: clients.events, async [Symbol.asyncDispose]() {} };
});
