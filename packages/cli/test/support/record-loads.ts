import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** Preloaded into a process, it writes the address of each module to the file `RECORD_LOADS_IN` before it is loaded. */
const file = process.env["RECORD_LOADS_IN"];
if (file === undefined) throw new Error("RECORD_LOADS_IN is not set");

registerHooks({
  load(url, context, load) {
    appendFileSync(file, `${url}\n`);
    return load(url, context);
  },
});
