import express, { type RequestHandler } from "express";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const issuer = process.env["ISSUER"] ?? "http://localhost:8080";
const audience = process.env["AUDIENCE"] ?? issuer;
const keys = createRemoteJWKSet(new URL("/oauth2/jwks", issuer)); // cached, and fetched again for an unknown kid
const expected = {
  ...{ issuer, audience, typ: "at+jwt", algorithms: ["ES256"] },
  ...{ requiredClaims: ["exp", "client_id"], clockTolerance: 5 },
};

/** Admits requests that carry a token for this API with the scope. */
const requireScope = (scope: string): RequestHandler => {
  return async (request, response, next) => {
    const refuse = (status: number, challenge: string) =>
      void response.status(status).set("WWW-Authenticate", challenge).end();
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) return refuse(401, "Bearer");
    try {
      const { payload } = await jwtVerify(token, keys, expected);
      if (!String(payload["scope"]).split(" ").includes(scope))
        return refuse(403, `Bearer error="insufficient_scope", scope="${scope}"`);
      response.locals["clientId"] = payload["client_id"];
    } catch (error) {
      if (isBadToken(error)) return refuse(401, 'Bearer error="invalid_token"');
      console.error("The keys cannot be fetched:", error);
      return void response.status(503).set("Retry-After", "5").end();
    }
    next();
  };
};

const keyFaults = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

const isBadToken = (error: unknown): boolean => error instanceof errors.JOSEError && !keyFaults.includes(error.code);

const api = express();
api.get("/files", requireScope("file:read"), (_request, response) => {
  response.json({ files: [], readBy: response.locals["clientId"] });
});
const server = api.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("Listening on", JSON.stringify(server.address()));
});
