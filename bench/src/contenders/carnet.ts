import { execFileSync } from "node:child_process";
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
  /** Runs the sources, where modules can be told apart. Default: what `npm run pack` makes of them, as users install it. */
  readonly sources?: boolean;
  /** Undefined for one process without a supervisor. */
  readonly workers?: number | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** Creates an empty PostgreSQL database and returns its URL. Default: a SQLite store. */
  readonly createDatabase?: () => Promise<string>;
}

export function carnetOf({ name, title, difference, checkout = thisCheckout, ...variant }: Variant): Contender {
  const workers = variant.workers === undefined ? [] : ["--workers", String(variant.workers)];
  const manifest = JSON.parse(readFileSync(join(checkout, "packages/server/package.json"), "utf8"));
  return {
    name,
    title,
    settings: `\`${["carnet serve", ...workers].join(" ")}\` with ${variant.createDatabase === undefined ? "its SQLite store" : "PostgreSQL"}, its journal (one record per token) beside it, ${difference ?? "default settings"}; ES256 JWT`,
    version: `${manifest.version}, ${checkout === thisCheckout ? "this checkout" : "another checkout"}`,
    required: true,
    shape: { path: "/oauth2/token", scope, parameters: {} },
    async prepare({ folder, port }) {
      const store = join(folder, "carnet.db");
      const command = variant.sources === true ? join(checkout, "packages/cli/bin/carnet.js") : packed(checkout);
      const { args, environment } = serve(store, port, command);
      const database = variant.createDatabase === undefined ? {} : await fillDatabase(variant.createDatabase, folder);
      if (variant.createDatabase === undefined) await register(checkout, store);
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

/** Carnet from its sources, to profile it, and to compare it with variants that need them. */
export const carnetFromSources = (workers?: number): Contender =>
  carnetOf({ name: "carnet-sources", title: "Carnet from its sources", workers, sources: true });

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
    sources: true,
    environment: { CARNET_JOURNAL_SYNC: "strict" },
  });

/** Carnet that records no events, to measure what recording costs. Only the benchmark can run it like this. */
export const carnetUnrecorded = (workers?: number): Contender =>
  carnetOf({
    name: "carnet-unrecorded",
    title: "Carnet without records",
    difference: "the module that records events does nothing",
    workers,
    sources: true,
    nodeOptions: ["--import", fileURLToPath(new URL("../processes/without-records.ts", import.meta.url))],
  });

/** How to start Carnet on an existing SQLite store. */
export const serve = (
  store: string,
  port: number,
  command = packed(thisCheckout),
): Launch & { readonly kind: "start" } => ({
  kind: "start",
  args: [command, "serve"],
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

const packedCheckouts = new Set<string>();

/** Packs a checkout, once a run, and returns the file of its `carnet` command. */
function packed(checkout: string): string {
  if (!packedCheckouts.has(checkout)) execFileSync("npm", ["run", "--silent", "pack"], { cwd: checkout });
  packedCheckouts.add(checkout);
  return join(checkout, "dist/carnet/bin/carnet.js");
}

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
