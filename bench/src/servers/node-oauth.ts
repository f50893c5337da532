import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import OAuth2Server from "@node-oauth/oauth2-server";
import express from "express";
import { audience, client, issuerAt, lifetime, scopes } from "../workload.ts";
import { port } from "./port.ts";

/**
 * @node-oauth/oauth2-server under Express. It does not issue JWTs itself; its model creates the tokens. This model signs the
 * same ES256 JWT as Carnet, as users who need JWTs do. Clients are in memory and tokens are not stored.
 */

const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const header = encode({ typ: "at+jwt", alg: "ES256", kid: "bench" });
const registered = { id: client.id, grants: ["client_credentials"], accessTokenLifetime: lifetime };

const model: OAuth2Server.ClientCredentialsModel = {
  getClient: async (id, secret) => (id === client.id && secret === client.secret ? registered : false),
  getUserFromClient: async () => ({ id: client.id }),
  validateScope: async (_user, _client, asked = []) => asked.filter((name) => scopes.some((known) => known === name)),
  generateAccessToken: async (_client, _user, granted) => jwt(granted),
  saveToken: async (token, owner, user) => ({ ...token, client: owner, user }),
  getAccessToken: async () => false,
};
const oauth = new OAuth2Server({ model, accessTokenLifetime: lifetime });

const app = express();
app.use(express.urlencoded({ extended: false }));
app.post("/oauth2/token", async (request, response) => {
  const answer = new OAuth2Server.Response(response);
  try {
    await oauth.token(new OAuth2Server.Request(request), answer);
  } catch {
    // The response has the error.
  }
  response
    .status(answer.status ?? 500)
    .set(answer.headers ?? {})
    .json(answer.body);
});
app.listen(port, "127.0.0.1");

function jwt(granted: readonly string[] = []): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuerAt(port),
    sub: client.id,
    client_id: client.id,
    aud: audience,
    iat: now,
    exp: now + lifetime,
    jti: randomUUID(),
    scope: granted.join(" "),
  };
  const signed = `${header}.${encode(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
