import { createServer } from "node:http";
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import { audience, client, issuerAt, lifetime, scopes } from "../workload.ts";
import { port } from "./port.ts";

/**
 * better-auth with its OAuth provider and JWT plugins in its own node:http handler. With a `resource` it issues ES256 JWTs.
 * It uses its memory adapter, and the rate limit, which is on in production, is off.
 */

const auth = betterAuth({
  baseURL: issuerAt(port),
  basePath: "/api/auth",
  secret: "bench-only-0123456789abcdefghijklmnopqrstuv",
  database: memoryAdapter({
    user: [],
    session: [],
    account: [],
    verification: [],
    jwks: [],
    oauthClient: [],
    oauthRefreshToken: [],
    oauthAccessToken: [],
    oauthConsent: [],
    oauthResource: [],
    oauthClientResource: [],
    oauthClientAssertion: [],
  }),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: "error" },
  disabledPaths: ["/token"],
  emailAndPassword: { enabled: true },
  plugins: [
    jwt({ jwks: { keyPairConfig: { alg: "ES256" } } }),
    oauthProvider({
      loginPage: "/sign-in",
      consentPage: "/consent",
      scopes: [...scopes],
      grantTypes: ["client_credentials"],
      m2mAccessTokenExpiresIn: lifetime,
      resources: [audience],
      enforcePerClientResources: false,
      clientPrivileges: () => true,
      generateClientId: () => client.id,
      generateClientSecret: () => client.secret,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
});

// Only a signed-in user can register a client.
const { headers } = await auth.api.signUpEmail({
  body: { name: "Bench", email: "bench@bench.example", password: client.secret },
  returnHeaders: true,
});
await auth.api.adminCreateOAuthClient({
  headers: { cookie: headers.get("set-cookie") ?? "" },
  body: {
    grant_types: ["client_credentials"],
    client_credentials_scopes: [...scopes],
    token_endpoint_auth_method: "client_secret_post",
  },
});

createServer(toNodeHandler(auth)).listen(port, "127.0.0.1");
