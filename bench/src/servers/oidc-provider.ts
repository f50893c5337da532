import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";
import { audience, client, issuerAt, lifetime, scope } from "../workload.ts";
import { port } from "./port.ts";

/** node-oidc-provider with its memory adapter. It issues ES256 JWTs for a resource indicator. */

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

const provider = new Provider(issuerAt(port), {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "bench" }] },
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: "client_secret_post",
      scope,
      id_token_signed_response_alg: "ES256",
    },
  ],
  clientAuthMethods: ["client_secret_post"],
  scopes: scope.split(" "),
  enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        scope,
        accessTokenFormat: "jwt",
        accessTokenTTL: lifetime,
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});

provider.listen(port, "127.0.0.1");
