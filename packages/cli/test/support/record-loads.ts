import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** A preload that appends the URL of each module to the file `RECORD_LOADS_IN` before the module loads. */
const file = process.env["RECORD_LOADS_IN"];
if (file === undefined) throw new Error("RECORD_LOADS_IN is not set");

registerHooks({
  load(url, context, load) {
    appendFileSync(file, `${url}\n`);
    return load(url, context);
  },
});
