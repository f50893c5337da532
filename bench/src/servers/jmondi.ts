import { randomBytes, randomUUID } from "node:crypto";
import formBody from "@fastify/formbody";
import {
  AuthorizationServer,
  DateInterval,
  generateRandomToken,
  JwtService,
  type OAuthClient,
  type OAuthClientRepository,
  type OAuthScopeRepository,
  type OAuthTokenRepository,
} from "@jmondi/oauth2-server";
import { handleFastifyError, handleFastifyReply, requestFromFastify } from "@jmondi/oauth2-server/fastify";
import Fastify from "fastify";
import { client, issuerAt, lifetime, scopes } from "../workload.ts";
import { port } from "./port.ts";

/**
 * @jmondi/oauth2-server under Fastify. Its default JWT service signs with jsonwebtoken and HS256. Clients are in memory and
 * tokens are not stored.
 */

const registered: OAuthClient = {
  id: client.id,
  name: client.id,
  secret: client.secret,
  redirectUris: [],
  allowedGrants: ["client_credentials"],
  scopes: scopes.map((name) => ({ name })),
};

const clients: OAuthClientRepository = {
  getByIdentifier: async (id) => {
    if (id !== client.id) throw new Error("unknown client");
    return registered;
  },
  isClientValid: async (_grant, found, secret) => found.secret === secret,
};

const scopeRepository: OAuthScopeRepository = {
  getAllByIdentifiers: async (names) => registered.scopes.filter(({ name }) => names.includes(name)),
  finalize: async (granted) => granted,
};

const tokens: OAuthTokenRepository = {
  issueToken: async (owner, granted) => ({
    accessToken: generateRandomToken(),
    accessTokenExpiresAt: DateInterval.getDateEnd(`${lifetime}s`),
    client: owner,
    scopes: granted,
  }),
  issueRefreshToken: async (token) => ({ ...token, refreshToken: randomUUID() }),
  persist: async () => {},
  revoke: async () => {},
  isRefreshTokenRevoked: async () => false,
  getByRefreshToken: async () => {
    throw new Error("there are no refresh tokens");
  },
};

const key = randomBytes(32).toString("base64url");
const server = new AuthorizationServer(clients, tokens, scopeRepository, new JwtService(key), {
  issuer: issuerAt(port),
});
server.enableGrantType("client_credentials", new DateInterval(`${lifetime}s`));

const app = Fastify();
await app.register(formBody);
app.post("/oauth2/token", async (request, reply) => {
  try {
    return handleFastifyReply(reply, await server.respondToAccessTokenRequest(requestFromFastify(request)));
  } catch (error) {
    return handleFastifyError(error, reply);
  }
});
await app.listen({ port, host: "127.0.0.1" });
