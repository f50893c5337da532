import { paths } from "@carnet/protocol/endpoints";
import { refusals } from "@carnet/protocol/refusals";
import { TokenRequest } from "@carnet/protocol/token-request";
import { ErrorResponse, TokenResponse } from "@carnet/protocol/token-response";
import { knownVersions } from "@carnet/protocol/versions";
import { description, version } from "../version.ts";

/** The OpenAPI 3.1 description of the service, made from the schemas that both sides share. */
export const openApiDocument = (issuer: string) => ({
  openapi: "3.1.1",
  info: { title: "Carnet", version, summary: description, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
  servers: [{ url: issuer }],
  tags: [
    { name: "IAM", description: "Exchange client credentials for a bearer token." },
    { name: "Discovery", description: "What verifiers and clients need to know of this service." },
    { name: "Health", description: "Probes." },
  ],
  paths: {
    [paths.token]: { post: tokenOperation({ operationId: "tokenRequest", deprecated: false }) },
    [paths.deprecatedToken]: { post: tokenOperation({ operationId: "tokenRequestDeprecated", deprecated: true }) },
    [paths.authorizationServerMetadata]: {
      get: document("Discovery", "authorizationServerMetadata", "Authorization server metadata (RFC 8414)"),
    },
    [paths.openidConfiguration]: {
      get: document("Discovery", "openidConfiguration", "The same metadata, for clients that look only here"),
    },
    [paths.jwks]: { get: document("Discovery", "jwks", "The public keys that verify access tokens (RFC 7517)") },
    [paths.live]: { get: document("Health", "live", "Whether the process answers") },
    [paths.ready]: {
      get: {
        ...document("Health", "ready", "Whether tokens can be issued"),
        responses: { 200: json("Ready"), 503: json("Not ready") },
      },
    },
  },
  components: {
    schemas: { TokenRequest, TokenResponse, ErrorResponse },
    securitySchemes: {
      clientSecretBasic: {
        type: "http",
        scheme: "basic",
        description: "The client id and secret (client_secret_basic).",
      },
    },
  },
});

const schema = (name: "TokenRequest" | "TokenResponse" | "ErrorResponse") => ({ $ref: `#/components/schemas/${name}` });

const json = (text: string) => ({ description: text, content: { "application/json": { schema: { type: "object" } } } });

const document = (tag: string, operationId: string, summary: string) => ({
  tags: [tag],
  operationId,
  summary,
  responses: { 200: json(summary) },
});

function tokenOperation({ operationId, deprecated }: { operationId: string; deprecated: boolean }) {
  const statuses = [...new Set(Object.values(refusals).map((refusal) => refusal.status))].sort();
  const errors = statuses.filter((status) => deprecated || status !== refusals.pathSunset.status);
  return {
    tags: ["IAM"],
    operationId,
    deprecated,
    summary: "Retrieve a token",
    description:
      `The one grant is \`client_credentials\`. Credentials go in the body, or in an \`Authorization: Basic\` header. ` +
      `${deprecated ? `Deprecated: send the same request to \`${paths.token}\`.` : ""}`.trim(),
    security: [{}, { clientSecretBasic: [] }],
    parameters: [versionParameter, requestIdParameter],
    requestBody: {
      required: true,
      content: {
        "application/x-www-form-urlencoded": { schema: schema("TokenRequest") },
        "application/json": { schema: schema("TokenRequest") },
      },
    },
    responses: {
      200: {
        description: "A token.",
        headers: answerHeaders(deprecated),
        content: { "application/json": { schema: schema("TokenResponse") } },
      },
      ...Object.fromEntries(
        errors.map((status) => [
          status,
          {
            description: meaningOf(status),
            headers: answerHeaders(deprecated),
            content: { "application/json": { schema: schema("ErrorResponse") } },
          },
        ]),
      ),
    },
  };
}

const meaningOf = (status: number): string => {
  const codes = Object.values(refusals).flatMap((refusal) => (refusal.status === status ? [refusal.error] : []));
  return `Refused: ${[...new Set(codes)].map((code) => `\`${code}\``).join(", ")}.`;
};

const versionParameter = {
  name: "X-Version",
  in: "header",
  description: `A date; resolves to the newest of ${knownVersions.join(", ")} on or before it.`,
  schema: { type: "string", examples: [...knownVersions] },
};

const requestIdParameter = {
  name: "X-Request-ID",
  in: "header",
  description: "Comes back in the answer, and is in the service's log.",
  schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[\\x21-\\x7e]+$" },
};

const header = (text: string) => ({ description: text, schema: { type: "string" } });

const answerHeaders = (deprecated: boolean) => ({
  "X-Request-ID": header("The id of this request."),
  "X-Version": header("The version that was resolved."),
  ...(deprecated
    ? {
        Deprecation: header("Since when this path is deprecated (RFC 9745)."),
        Sunset: header("When this path ends (RFC 8594)."),
        Link: header("The successor, and the notice."),
      }
    : {}),
});
