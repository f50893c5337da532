import { audience, scope } from "../work.ts";
import type { Contender } from "./contender.ts";
import { packageContender } from "./package-contender.ts";

export const floor: Contender = packageContender({
  name: "floor",
  title: "the floor",
  settings: "bare `node:http`: reads the body, signs once with ES256, answers as many bytes as ours; checks nothing",
  packages: [],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const fastifyFloor: Contender = packageContender({
  name: "fastify-floor",
  title: "the floor under Fastify",
  settings: "the same behind one Fastify route; checks nothing",
  packages: ["fastify"],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const oidcProvider: Contender = packageContender({
  name: "oidc-provider",
  title: "node-oidc-provider",
  settings:
    "ES256 JWT through `resourceIndicators` (its default resource), `client_secret_post`, its memory adapter and own HTTP server; keeps no JWT",
  packages: ["oidc-provider"],
  shape: { path: "/token", scope, parameters: {} },
});

export const nodeOauth: Contender = packageContender({
  name: "node-oauth",
  title: "@node-oauth/oauth2-server",
  settings:
    "under Express; it has no JWTs of its own, so its model signs the same ES256 JWT as ours; clients in memory, tokens not kept",
  packages: ["@node-oauth/oauth2-server", "express"],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const jmondi: Contender = packageContender({
  name: "jmondi",
  title: "@jmondi/oauth2-server",
  settings:
    "under Fastify; an HS256 JWT by its own JWT service (no signature of a key pair, so less work than ES256); clients in memory, tokens not kept",
  packages: ["@jmondi/oauth2-server", "fastify"],
  shape: { path: "/oauth2/token", scope, parameters: {} },
});

export const betterAuth: Contender = packageContender({
  name: "better-auth",
  title: "better-auth",
  settings:
    "its OAuth provider and JWT plugins, ES256 JWT for a `resource`, `node:http` by its own handler, its memory adapter, secrets hashed (its default), rate limit off",
  packages: ["better-auth", "@better-auth/oauth-provider"],
  shape: { path: "/api/auth/oauth2/token", scope, parameters: { resource: audience } },
});
