import { registerHooks } from "node:module";

/** A preload for Carnet that records nothing: no journal line, no counts. */
let replaced = false;

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith("/server/src/audit/record-events.ts")) return nextLoad(url, context);
    replaced = true;
    return {
      format: "module",
      shortCircuit: true,
      source: "export const recordEvents = () => ({ record() {} });",
    };
  },
});

process.on("exit", () => {
  if (!replaced) process.stderr.write("bench: the module that records events was not found\n");
});
