// Registers clients in a folder's store until it is killed. Prints "<id> <secret>" for each stored client.
import { writeSync } from "node:fs";
import { registerClient } from "@carnet/core/client/register-client";
import { openStore } from "./store-files.ts";

writeSync(1, "loaded\n");
const registry = await openStore(process.argv[2] ?? "");
for (;;) {
  const registered = await registerClient({ scope: "x" }, registry);
  if (!registered.ok) throw new Error(JSON.stringify(registered.error));
  writeSync(1, `${registered.value.client.clientId} ${registered.value.generatedSecret?.reveal()}\n`);
}
