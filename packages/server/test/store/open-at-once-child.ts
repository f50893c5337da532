import { registerClient } from "@carnet/core/client/register-client";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { describeFault } from "@carnet/server/fault";
import { openRegistry } from "@carnet/server/main";

/** Opens the store that it is told of, registers a client whose id others try to take too, and says how it went. */
process.once("message", async (store: string) => {
  const configuration = loadConfiguration({ mode: "dev", flags: { store }, environment: {}, file: undefined });
  try {
    const registry = await openRegistry(configuration);
    const registered = await registerClient({ client_id: "contested" }, registry);
    await registry.close();
    process.send?.(registered.ok ? "registered" : (registered.error[0]?.problem ?? "refused"));
  } catch (error) {
    process.send?.(describeFault(error));
  }
});
process.send?.("waiting");
