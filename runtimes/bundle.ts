// Bundles the installed packages as an application would, so that size-limit can measure it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const dist = join(import.meta.dirname, "dist");
const packages = join(dist, "consumer/node_modules/@carnet");

// Importing one function shows that tree shaking removes the rest.
writeFileSync(
  join(dist, "one-function.js"),
  'export { iamTokenRequest, SDKCore } from "./consumer/node_modules/@carnet/sdk/dist/funcs.js";\n',
);

for (const [name, input] of [
  ["index", join(packages, "sdk/dist/index.js")],
  ["one-function", join(dist, "one-function.js")],
  ["guard", join(packages, "guard/dist/index.js")],
] as const) {
  const bundle = await rolldown({ input, platform: "neutral", external: ["jose"] });
  await bundle.write({ file: join(dist, `bundles/${name}.js`), minify: true, comments: false });
}
