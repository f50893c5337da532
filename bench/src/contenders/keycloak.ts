import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@carnet/testkit/free-port";
import { installed, startPeer } from "../processes/peer-process.ts";
import { pidOf, startDurablePostgres } from "../processes/postgres.ts";
import { client, lifetime, scope, scopes } from "../workload.ts";
import type { Contender, Launch } from "./contender.ts";

const version = "26.7.3";

const recipe = [
  [
    "mvn",
    ...["-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack", "-DoutputDirectory=."],
    `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:zip`,
  ],
  ["sh", `keycloak-${version}/bin/kc.sh`, "build", "--db", "postgres", "--cache", "local"],
] as const;

/** Seconds of load before it is measured, because Java compiles what runs often. */
const warmup = 60;

let running: Promise<Launch> | undefined;

/** Keycloak in production mode. Needs Java and Maven, which brings its distribution once. */
export const keycloak: Contender = {
  name: "keycloak",
  title: "Keycloak",
  settings: `\`kc.sh start --optimized\`, PostgreSQL, local cache, ES256 JWT; warmed up for ${warmup} s; CPU and memory include PostgreSQL`,
  version,
  required: false,
  shape: { path: "/realms/bench/protocol/openid-connect/token", scope, parameters: {} },
  prepare: () => (running ??= start()),
};

async function start(): Promise<Launch> {
  const folder = installed("keycloak", recipe);
  const home = join(folder, `keycloak-${version}`);
  mkdirSync(join(home, "data/import"), { recursive: true });
  writeFileSync(join(home, "data/import/bench-realm.json"), JSON.stringify(realm));
  const postgres = await startDurablePostgres();
  const database = new URL(await postgres.createDatabase());
  const port = await freePort();
  const { PATH = "", HOME = "" } = process.env;
  const environment = {
    ...{ PATH, HOME, KC_LOG_LEVEL: "warn" },
    KC_DB_URL: `jdbc:postgresql://${database.host}${database.pathname}`,
    ...{ KC_DB_USERNAME: "postgres", KC_DB_PASSWORD: "none" },
    ...{ KC_HTTP_ENABLED: "true", KC_HTTP_HOST: "127.0.0.1", KC_HTTP_PORT: String(port) },
    KC_HOSTNAME: `http://127.0.0.1:${port}`,
  };
  const pid = await startPeer(
    { command: "sh", args: [join(home, "bin/kc.sh"), "start", "--optimized", "--import-realm"], environment },
    { url: `http://127.0.0.1:${port}/realms/bench`, seconds: 600, log: join(folder, "output.log") },
  );
  await warmUp(`http://127.0.0.1:${port}${keycloak.shape.path}`);
  return { kind: "running", port, pids: [pid, await pidOf(postgres)] };
}

/** An import into an empty database. */
const realm = {
  realm: "bench",
  enabled: true,
  sslRequired: "none",
  accessTokenLifespan: lifetime,
  defaultSignatureAlgorithm: "ES256",
  components: {
    "org.keycloak.keys.KeyProvider": [
      { name: "es256", providerId: "ecdsa-generated", config: { ecdsaEllipticCurveKey: ["P-256"] } },
    ],
  },
  clientScopes: scopes.map((name) => ({ name, protocol: "openid-connect" })),
  clients: [
    {
      clientId: client.id,
      secret: client.secret,
      serviceAccountsEnabled: true,
      standardFlowEnabled: false,
      defaultClientScopes: [],
      optionalClientScopes: scopes,
    },
  ],
  users: [{ username: `service-account-${client.id}`, enabled: true, serviceAccountClientId: client.id }],
};

async function warmUp(url: string): Promise<void> {
  const credentials = { client_id: client.id, client_secret: client.secret, scope };
  const body = new URLSearchParams({ grant_type: "client_credentials", ...credentials });
  const start = performance.now();
  const caller = async (): Promise<void> => {
    while (performance.now() - start < warmup * 1000) await (await fetch(url, { method: "POST", body })).arrayBuffer();
  };
  await Promise.all(Array.from({ length: 8 }, caller));
}
