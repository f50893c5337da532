import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { audience, client, issuerAt, scope } from "../work.ts";
import type { Contender, Launch } from "./contender.ts";

/** The checkout that this benchmark lies in. */
const thisCheckout = fileURLToPath(new URL("../../..", import.meta.url));

const binaryOf = (checkout: string): string => join(checkout, "packages/cli/bin/carnet.js");

/** Ours, as it is run in production: `carnet serve` on its SQLite store, its log written to a file, all else default. */
export const carnet: Contender = carnetOf(thisCheckout, { name: "carnet", title: "Carnet" });

/** Ours as it stands in another checkout, to compare a change with what was before. */
export const carnetBefore = (checkout: string): Contender =>
  carnetOf(checkout, { name: "carnet-before", title: "Carnet before" });

/** Ours without a record of what it issues, to show what recording costs. No way to run it exists outside of this. */
export const carnetUnrecorded: Contender = {
  ...carnet,
  name: "carnet-unrecorded",
  title: "Carnet, nothing recorded",
  settings: "the same, with the one module that writes token records replaced by nothing",
  async prepare(place) {
    const launch = await carnet.prepare(place);
    const replacement = fileURLToPath(new URL("../processes/without-records.ts", import.meta.url));
    return launch.kind === "running" ? launch : { ...launch, args: ["--import", replacement, ...launch.args] };
  },
};

/** The process of ours on a store that is there. */
export const serve = (store: string, port: number, checkout = thisCheckout): Launch => ({
  kind: "start",
  args: [binaryOf(checkout), "serve"],
  environment: {
    CARNET_HOST: "127.0.0.1",
    CARNET_PORT: String(port),
    CARNET_ISSUER: issuerAt(port),
    CARNET_AUDIENCE: audience,
    CARNET_STORE: `sqlite:${store}`,
    // Earlier checkouts keep these beside the store, and do not know CARNET_DATA_DIR
    CARNET_MASTER_KEY_FILE: join(dirname(store), "master.key"),
    CARNET_ADMIN_FILE: join(dirname(store), "admin.json"),
  },
});

function carnetOf(checkout: string, names: Pick<Contender, "name" | "title">): Contender {
  const manifest = JSON.parse(readFileSync(join(checkout, "packages/server/package.json"), "utf8"));
  return {
    ...names,
    settings:
      "`carnet serve` with its SQLite store, its log (a line for each token) to a file, all else default; ES256 JWT",
    version: `${manifest.version}, this checkout`,
    shape: { path: "/oauth2/token", scope, parameters: {} },
    async prepare({ folder, port }) {
      const store = join(folder, "carnet.db");
      await register(checkout, store);
      return serve(store, port, checkout);
    },
  };
}

/** Registers the one client by the code of the checkout that is measured. */
async function register(checkout: string, store: string): Promise<void> {
  const filling = join(checkout, "bench/src/registry/fill-registry.ts");
  const { fillRegistry }: typeof import("../registry/fill-registry.ts") = await import(pathToFileURL(filling).href);
  await fillRegistry(store, [client]);
}
