import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as registry from "../registry/fill-registry.ts";
import { fillStore } from "../registry/fill-registry.ts";
import { audience, client, issuerAt, scope } from "../workload.ts";
import type { Contender, Launch } from "./contender.ts";

/** The checkout that contains this benchmark. */
const thisCheckout = fileURLToPath(new URL("../../..", import.meta.url));

/** How a contender differs from `carnet serve` of this checkout with default settings. */
interface Variant {
  readonly name: string;
  readonly title: string;
  /** For the report. */
  readonly difference?: string;
  readonly checkout?: string;
  /** Undefined for one process without a supervisor. */
  readonly workers?: number | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** Creates an empty PostgreSQL database and returns its URL. Default: a SQLite store. */
  readonly createDatabase?: () => Promise<string>;
}

export function carnetOf({ name, title, difference, checkout = thisCheckout, ...variant }: Variant): Contender {
  const manifest = JSON.parse(readFileSync(join(checkout, "packages/server/package.json"), "utf8"));
  const command = variant.workers === undefined ? "carnet serve" : `carnet serve --workers ${variant.workers}`;
  return {
    name,
    title,
    settings: `\`${command}\` with ${variant.createDatabase === undefined ? "its SQLite store" : "PostgreSQL"}, its journal (one record per token) beside it, ${difference ?? "default settings"}; ES256 JWT`,
    version: `${manifest.version}, ${checkout === thisCheckout ? "this checkout" : "another checkout"}`,
    required: true,
    shape: { path: "/oauth2/token", scope, parameters: {} },
    async prepare({ folder, port }) {
      const store = join(folder, "carnet.db");
      const { args, environment } = serve(store, port, checkout);
      const database = variant.createDatabase === undefined ? {} : await fillDatabase(variant.createDatabase, folder);
      if (variant.createDatabase === undefined) await register(checkout, store);
      const workers = variant.workers === undefined ? [] : ["--workers", String(variant.workers)];
      return {
        kind: "start",
        args: [...(variant.nodeOptions ?? []), ...args, ...workers],
        environment: { ...environment, ...database, ...variant.environment },
      };
    },
  };
}

/** Carnet as in production. */
export const carnet: Contender = carnetOf({ name: "carnet", title: "Carnet" });

export const carnetWithWorkers = (workers: number): Contender =>
  carnetOf({ name: `carnet-workers-${workers}`, title: `Carnet, ${workers} workers`, workers });

/** Carnet from another checkout, to compare a change with the code before it. */
export const carnetBefore = (checkout: string): Contender =>
  carnetOf({ name: "carnet-before", title: "Carnet before", checkout });

/** Carnet that syncs the journal before each answer. */
export const carnetStrict = (workers?: number): Contender =>
  carnetOf({
    name: "carnet-strict",
    title: "Carnet in strict mode",
    difference: "`CARNET_JOURNAL_SYNC=strict`",
    workers,
    environment: { CARNET_JOURNAL_SYNC: "strict" },
  });

/** Carnet that records no events, to measure what recording costs. Only the benchmark can run it like this. */
export const carnetUnrecorded = (workers?: number): Contender =>
  carnetOf({
    name: "carnet-unrecorded",
    title: "Carnet without records",
    difference: "the module that records events does nothing",
    workers,
    nodeOptions: ["--import", fileURLToPath(new URL("../processes/without-records.ts", import.meta.url))],
  });

/** How to start Carnet on an existing SQLite store. */
export const serve = (store: string, port: number, checkout = thisCheckout): Launch & { readonly kind: "start" } => ({
  kind: "start",
  args: [join(checkout, "packages/cli/bin/carnet.js"), "serve"],
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

/** Registers the client in a new PostgreSQL database, and returns the settings for it. */
async function fillDatabase(createDatabase: () => Promise<string>, folder: string): Promise<Record<string, string>> {
  const masterKeyFile = join(folder, "master.key");
  writeFileSync(masterKeyFile, randomBytes(32).toString("base64"), { mode: 0o600 });
  const environment = { CARNET_STORE: await createDatabase(), CARNET_MASTER_KEY_FILE: masterKeyFile };
  await fillStore({ ...environment, CARNET_DATA_DIR: folder }, [client]);
  return environment;
}

/** Registers the client with the code of the measured checkout. */
async function register(checkout: string, store: string): Promise<void> {
  const module = join(checkout, "bench/src/registry/fill-registry.ts");
  const { fillRegistry }: typeof registry = await import(pathToFileURL(module).href);
  await fillRegistry(store, [client]);
}
