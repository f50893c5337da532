import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as registry from "../registry/fill-registry.ts";
import { audience, client, issuerAt, scope } from "../workload.ts";
import type { Contender, Launch } from "./contender.ts";

/** The checkout that contains this benchmark. */
const thisCheckout = fileURLToPath(new URL("../../..", import.meta.url));

const binaryOf = (checkout: string): string => join(checkout, "packages/cli/bin/carnet.js");

/** Carnet as in production: `carnet serve` with its SQLite store, its journal beside it, and default settings. */
export const carnet: Contender = carnetOf(thisCheckout, { name: "carnet", title: "Carnet" });

/** Carnet from another checkout, to compare a change with the code before it. */
export const carnetBefore = (checkout: string): Contender =>
  carnetOf(checkout, { name: "carnet-before", title: "Carnet before" });

/** Carnet that syncs the journal before each answer. */
export const carnetStrict: Contender = {
  ...carnet,
  name: "carnet-strict",
  title: "Carnet in strict mode",
  settings: "the same, with `CARNET_JOURNAL_SYNC=strict`",
  async prepare(place) {
    const launch = await carnet.prepare(place);
    if (launch.kind === "running") return launch;
    return { ...launch, environment: { ...launch.environment, CARNET_JOURNAL_SYNC: "strict" } };
  },
};

/** Carnet that records no events, to measure what recording costs. Only the benchmark can run it like this. */
export const carnetUnrecorded: Contender = {
  ...carnet,
  name: "carnet-unrecorded",
  title: "Carnet without records",
  settings: "the same, but the module that records events does nothing",
  async prepare(place) {
    const launch = await carnet.prepare(place);
    const replacement = fileURLToPath(new URL("../processes/without-records.ts", import.meta.url));
    return launch.kind === "running" ? launch : { ...launch, args: ["--import", replacement, ...launch.args] };
  },
};

/** How to start Carnet on an existing store. */
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
      "`carnet serve` with its SQLite store, its journal (one record per token) beside it, default settings; ES256 JWT",
    version: `${manifest.version}, this checkout`,
    shape: { path: "/oauth2/token", scope, parameters: {} },
    async prepare({ folder, port }) {
      const store = join(folder, "carnet.db");
      await register(checkout, store);
      return serve(store, port, checkout);
    },
  };
}

/** Registers the client with the code of the measured checkout. */
async function register(checkout: string, store: string): Promise<void> {
  const module = join(checkout, "bench/src/registry/fill-registry.ts");
  const { fillRegistry }: typeof registry = await import(pathToFileURL(module).href);
  await fillRegistry(store, [client]);
}
