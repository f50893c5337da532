import { registerClient } from "@carnet/core/client/register-client";
import { describeFault } from "@carnet/server/fault";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";

/** Opens the given store, registers a client id that other processes register too, and sends the outcome. */
process.once("message", async (store: string) => {
  try {
    const registry = await openTestRegistry(store);
    const registered = await registerClient({ client_id: "contested" }, registry);
    await registry.close();
    process.send?.(registered.ok ? "registered" : registered.error.kind);
  } catch (error) {
    process.send?.(describeFault(error));
  }
});
process.send?.("waiting");
