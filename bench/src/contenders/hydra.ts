import { join } from "node:path";
import { freePort } from "@carnet/testkit/free-port";
import { installed, runPeer, startPeer } from "../processes/peer-process.ts";
import { pidOf, startDurablePostgres } from "../processes/postgres.ts";
import { client, lifetime, scope } from "../workload.ts";
import type { Contender, Launch } from "./contender.ts";

const version = "v2.3.0";

/** Hydra's go.mod replaces this module, and Go ignores that when Hydra is not the main module. */
const pop = "github.com/gobuffalo/pop/v6=github.com/ory/pop/v6@v6.2.1-0.20241121111754-e5dfc0f3344b";

const recipe = [
  ["go", "mod", "init", "hydra-for-bench"],
  ["go", "mod", "edit", "-replace", pop],
  ["go", "get", `github.com/ory/hydra/v2@${version}`],
  [
    "go",
    "build",
    "-o",
    "hydra",
    "-ldflags",
    `-X github.com/ory/hydra/v2/driver/config.Version=${version}`,
    "github.com/ory/hydra/v2",
  ],
] as const;

let running: Promise<Launch> | undefined;

/** Ory Hydra in production mode. Needs Go, which builds it from its module once. */
export const hydra: Contender = {
  name: "hydra",
  title: "Ory Hydra",
  settings:
    "`hydra serve all` without `--dev`, PostgreSQL with 32 connections, ES256 JWT, secrets hashed with PBKDF2 (25,000 rounds, its default); stores each token; CPU and memory include PostgreSQL",
  version,
  required: false,
  shape: { path: "/oauth2/token", scope, parameters: {} },
  prepare: () => (running ??= start()),
};

async function start(): Promise<Launch> {
  const folder = installed("hydra", recipe);
  const command = join(folder, "hydra");
  const postgres = await startDurablePostgres();
  const [port, adminPort] = [await freePort(), await freePort()];
  const admin = `http://127.0.0.1:${adminPort}`;
  const { PATH = "", HOME = "" } = process.env;
  const environment = {
    ...{ PATH, HOME, LOG_LEVEL: "warn" },
    // Its own default pool is smaller than the number of connections, which then wait for each other
    DSN: `${await postgres.createDatabase()}?sslmode=disable&max_conns=32&max_idle_conns=32`,
    SECRETS_SYSTEM: "only-for-the-benchmark-0123456789",
    URLS_SELF_ISSUER: "https://hydra.bench.example",
    ...{ SERVE_PUBLIC_HOST: "127.0.0.1", SERVE_PUBLIC_PORT: String(port) },
    ...{ SERVE_ADMIN_HOST: "127.0.0.1", SERVE_ADMIN_PORT: String(adminPort) },
    ...{ STRATEGIES_ACCESS_TOKEN: "jwt", TTL_ACCESS_TOKEN: `${lifetime}s`, OAUTH2_HASHERS_ALGORITHM: "pbkdf2" },
  };
  runPeer(command, ["migrate", "sql", "-e", "--yes"], environment);
  const pid = await startPeer(
    { command, args: ["serve", "all", "--sqa-opt-out"], environment },
    { url: `${admin}/health/ready`, seconds: 60, log: join(folder, "output.log") },
  );
  // Before the first token, because it would make an RS256 key of its own
  await post(`${admin}/admin/keys/hydra.jwt.access-token`, { alg: "ES256", use: "sig", kid: "bench" });
  await post(`${admin}/admin/clients`, {
    client_id: client.id,
    client_secret: client.secret,
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
    scope,
  });
  return { kind: "running", port, pids: [pid, await pidOf(postgres)] };
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${new URL(url).pathname} answered ${answer.status}`);
}
