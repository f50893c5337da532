import { paths } from "@carnet/protocol/endpoints";
import { version } from "../version.ts";
import { adminPaths, adminSchemas, adminSecuritySchemes, adminTags } from "./openapi/admin-operations.ts";
import { headers } from "./openapi/headers.ts";
import { publishedDocuments } from "./openapi/published-documents.ts";
import { errorSchema } from "./openapi/references.ts";
import { introspectionToken, RevocationFeed } from "./openapi/revocation-feed-operation.ts";
import { Metadata, PublicKey, PublicKeySet, Readiness } from "./openapi/schemas.ts";
import { tokenOperation } from "./openapi/token-operation.ts";
import { introspectOperation, revokeOperation } from "./openapi/token-query-operations.ts";
import {
  ErrorResponse,
  IntrospectionResponse,
  TokenQuery,
  TokenRequest,
  TokenResponse,
} from "./openapi/token-schemas.ts";

/** The OpenAPI 3.1 description, generated where possible from the schemas and tables that the service runs on. */
export const openApiDocument = (issuer: string) => ({
  openapi: "3.1.1",
  info: {
    title: "Carnet",
    version,
    summary: "An IAM token service for machines.",
    description: introduction,
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: issuer, description: "This service, which is also the `iss` of its tokens." }],
  tags: [
    { name: "IAM", description: "Exchange client credentials for a bearer token, and introspect and revoke tokens." },
    ...adminTags,
    { name: "Discovery", description: discovery },
    { name: "Health", description: "Probes for an orchestrator or load balancer. No credentials needed." },
  ],
  paths: {
    [paths.token]: { post: tokenOperation({ issuer, deprecated: false }) },
    [paths.deprecatedToken]: { post: tokenOperation({ issuer, deprecated: true }) },
    [paths.introspect]: { post: introspectOperation(issuer) },
    [paths.revoke]: { post: revokeOperation(issuer) },
    ...adminPaths(),
    ...publishedDocuments(issuer),
  },
  components: {
    schemas: {
      TokenRequest,
      TokenResponse,
      TokenQuery,
      IntrospectionResponse,
      ErrorResponse,
      Metadata,
      PublicKey,
      PublicKeySet,
      RevocationFeed,
      Readiness,
      ...adminSchemas,
    },
    headers,
    responses: { NotFound: unknownPath, MethodNotAllowed: unknownMethod },
    securitySchemes: {
      clientSecretBasic: {
        type: "http",
        scheme: "basic",
        description: "`client_secret_basic`: the client id as the user name, the client secret as the password.",
      },
      introspectionToken,
      ...adminSecuritySchemes,
    },
  },
});

const introduction = `An application exchanges its client id and secret for an access token, and sends it as
\`Authorization: Bearer …\` with every API request until it expires.

- **One grant**: \`client_credentials\`. No user, no consent page, no refresh token: request a new token when one expires.
- **Errors** are \`{"error", "error_description"}\` on every path, including \`404 not_found\` and
  \`405 method_not_allowed\` (with an \`Allow\` header). Under \`/admin/v1\` they are problems
  ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the same statuses.
- **Administration** is under \`/admin/v1\` and needs a token of this server: request one at \`/oauth2/token\` with a client
  whose audience is the admin API. The first start creates such a client, \`carnet-admin\`.
- **\`X-Request-ID\`** is on every answer: your own if you sent one of 1 to 128 visible ASCII characters. The service's operator
  uses it to find the reason for a refusal, which the answer does not reveal.`;

const discovery = `What clients and verifiers need to know, published and cacheable.

To verify a token: take the key that the header's \`kid\` names from the key set, and check the signature, that \`typ\` is
\`at+jwt\`, that \`iss\` and \`aud\` are the expected ones, and that \`exp\` is in the future ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068#section-4)).
The claims are \`iss\`, \`sub\`, \`client_id\`, \`aud\`, \`iat\`, \`exp\`, \`jti\`, \`scope\`, \`rvk\`, and \`arid\` if the client
belongs to a workspace.`;

const error = (code: string) => ({ "application/json": { schema: errorSchema({ const: code }) } });

const unknownPath = {
  description: "Nothing is served at this path.",
  headers: { "X-Request-ID": { $ref: "#/components/headers/RequestId" } },
  content: error("not_found"),
};

const unknownMethod = {
  description: "The path does not support this method.",
  headers: {
    "X-Request-ID": { $ref: "#/components/headers/RequestId" },
    Allow: { $ref: "#/components/headers/Allow" },
  },
  content: error("method_not_allowed"),
};
