import { audience, scope } from "../workload.ts";
import type { Contender } from "./contender.ts";
import { packageContender } from "./package-contender.ts";

const theFloor = {
  name: "floor",
  title: "the floor",
  settings: "bare `node:http`: reads the body, signs once with ES256, sends as many bytes as Carnet; checks nothing",
  packages: [],
  shape: { path: "/oauth2/token", scope, parameters: {} },
  required: true,
} as const;

export const floor: Contender = packageContender(theFloor);

/** The floor in several processes on one port. */
export const floorWithProcesses = (processes: number): Contender =>
  packageContender({
    ...theFloor,
    name: `floor-${processes}`,
    title: `the floor, ${processes} processes`,
    settings: `the same in ${processes} processes on one port`,
    server: "floor",
    environment: { FLOOR_PROCESSES: String(processes) },
  });

export const fastifyFloor: Contender = packageContender({
  name: "fastify-floor",
  title: "the floor under Fastify",
  settings: "the same work behind one Fastify route; checks nothing",
  packages: ["fastify"],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const oidcProvider: Contender = packageContender({
  name: "oidc-provider",
  title: "node-oidc-provider",
  settings:
    "ES256 JWT through `resourceIndicators` (its default resource), `client_secret_post`, its memory adapter and its own HTTP server; does not store JWTs",
  packages: ["oidc-provider"],
  shape: { path: "/token", scope, parameters: {} },
});

export const nodeOauth: Contender = packageContender({
  name: "node-oauth",
  title: "@node-oauth/oauth2-server",
  settings:
    "under Express; it does not issue JWTs itself, so the model signs the same ES256 JWT as Carnet; clients in memory, tokens not stored",
  packages: ["@node-oauth/oauth2-server", "express"],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const jmondi: Contender = packageContender({
  name: "jmondi",
  title: "@jmondi/oauth2-server",
  settings:
    "under Fastify; HS256 JWT from its own JWT service (a MAC, so less work than ES256); clients in memory, tokens not stored",
  packages: ["@jmondi/oauth2-server", "fastify"],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const betterAuth: Contender = packageContender({
  name: "better-auth",
  title: "better-auth",
  settings:
    "its OAuth provider and JWT plugins, ES256 JWT for a `resource`, its own `node:http` handler, its memory adapter, hashed secrets (its default), rate limit off",
  packages: ["better-auth", "@better-auth/oauth-provider"],
  shape: { path: "/api/auth/oauth2/token", scope, parameters: { resource: audience } },
});
