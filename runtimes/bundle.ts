// Bundles the installed SDK as an application's build does, for size-limit to weigh.
import { join } from "node:path";
import { rolldown } from "rolldown";

const dist = join(import.meta.dirname, "dist");
const entry = join(dist, "consumer/node_modules/@carnet/sdk/dist");

for (const [name, input] of [
  ["index", join(entry, "index.js")],
  ["funcs", join(entry, "funcs.js")],
] as const) {
  const bundle = await rolldown({ input, platform: "neutral" });
  await bundle.write({ file: join(dist, `bundles/${name}.js`), minify: true });
}
