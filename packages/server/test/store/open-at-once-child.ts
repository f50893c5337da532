import { registerClient } from "@carnet/core/client/register-client";
import { describeFault } from "@carnet/server/fault";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";

/** Opens the store that it is told of, registers a client whose id others try to take too, and says how it went. */
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
