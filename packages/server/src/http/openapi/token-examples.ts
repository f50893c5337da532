import type { RefusalKind } from "@carnet/protocol/refusals";

/** Example requests and answers. A test checks that the refusals match what the service says. */
const clientId = "8c0f5a52-3d1e-4b7a-9a66-0f2d7e1c4b90";
const scope = "file:read file:write";

export const requestExamples = {
  body: {
    summary: "Credentials in the body",
    value: {
      client_id: clientId,
      client_secret: "carnet_4h7k2m9p1r5t8w3x_ExampleExampleExampleExampleExampleExampleExa_000000",
      grant_type: "client_credentials",
    },
  },
  basic: {
    summary: "Credentials in the Authorization header",
    value: { grant_type: "client_credentials" },
  },
  scope: {
    summary: "Fewer scopes",
    value: { grant_type: "client_credentials", scope: "file:read" },
  },
} as const;

export const tokenExample = (issuer: string) => ({
  access_token: exampleToken(issuer),
  expires_in: 600,
  scope,
  token_type: "Bearer",
});

export const tokenQueryExamples = (token: string) =>
  ({
    basic: { summary: "Credentials in the Authorization header", value: { token, token_type_hint: "access_token" } },
    body: {
      summary: "Credentials in the body",
      value: {
        client_id: requestExamples.body.value.client_id,
        client_secret: requestExamples.body.value.client_secret,
        token,
      },
    },
  }) as const;

export const activeTokenExample = (issuer: string) => ({
  active: true,
  iss: issuer,
  sub: clientId,
  aud: issuer,
  client_id: clientId,
  scope,
  exp: 1795695000,
  iat: 1795694400,
  jti: "3f1c8a52-0d4e-4a8c-9b57-6f2f6f0e1a11",
  token_type: "Bearer",
});

/** Looks like a token but is not signed. */
function exampleToken(issuer: string): string {
  const header = { typ: "at+jwt", alg: "ES256", kid: "1" };
  const claims = { iss: issuer, sub: clientId, client_id: clientId, aud: issuer, scope };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode(header)}.${encode(claims)}.${"A".repeat(86)}`;
}

/** An example description for each kind that needs one. */
export const refusalExamples: Readonly<Partial<Record<RefusalKind, string>>> = {
  malformedRequest: "the parameter grant_type is missing: it must be client_credentials",
  unsupportedGrantType: "the grant_type is not supported: it must be client_credentials, in lower case",
  unauthorizedClient: "this client must authenticate by client_secret_basic",
  invalidScope: "none of the requested scopes can be granted to this client; registered for it: file:read file:write",
  invalidClient:
    "client authentication failed: check the client id and secret, that the client is enabled, that neither has expired, and " +
    "that it may call from this address; the service's operator finds the reason under the X-Request-ID of this answer",
  pathSunset: "this path has been withdrawn: send the same request to /oauth2/token",
  bodyTooLarge: "the body is larger than 64 KiB",
  unavailable: "this instance of the service is stopping: send the request again",
  fault: "the service failed; its operator finds the fault under the X-Request-ID of this answer",
};
