import { paths } from "@carnet/protocol/endpoints";
import { authorizationServerMetadata } from "@carnet/protocol/metadata";
import { headersOf } from "./headers.ts";
import { ref } from "./references.ts";
import { revocationFeedOperation } from "./revocation-feed-operation.ts";

/** The operations that read the service's published documents, by path. */
export const publishedDocuments = (issuer: string) => ({
  [paths.home]: { get: home },
  [paths.authorizationServerMetadata]: {
    get: cacheable({
      operationId: "authorizationServerMetadata",
      summary: "Read the authorization server metadata",
      description: "Everything that a client needs to know besides the issuer (RFC 8414).",
      content: metadata(issuer),
      anyOrigin: true,
    }),
  },
  [paths.openidConfiguration]: {
    get: cacheable({
      operationId: "openidConfiguration",
      summary: "Read the same metadata under the OpenID Connect path",
      description: "The same document, for clients that look only here. The service is not an OpenID provider.",
      content: metadata(issuer),
      anyOrigin: true,
    }),
  },
  [paths.jwks]: {
    get: cacheable({
      operationId: "jwks",
      summary: "Read the public keys",
      description: "The keys that verify access tokens (RFC 7517). Fetch them again when a token names a new key.",
      content: { "application/jwk-set+json": { schema: ref("PublicKeySet"), example: { keys: [exampleKey] } } },
      anyOrigin: true,
    }),
  },
  [paths.revocations]: { get: revocationFeedOperation },
  [paths.openapi]: {
    get: cacheable({
      operationId: "openapi",
      summary: "Read this description",
      description: `The OpenAPI document that the page under \`${paths.docs}\` shows.`,
      content: { "application/json": { schema: { type: "object", required: ["openapi", "info", "paths"] } } },
      anyOrigin: false,
    }),
  },
  [paths.live]: {
    get: probe({
      operationId: "live",
      summary: "Check whether the process answers",
      description: "Restart the process when this fails. Does not check the store.",
      responses: { 200: live },
    }),
  },
  [paths.ready]: {
    get: probe({
      operationId: "ready",
      summary: "Check whether tokens can be issued",
      description: "Send no traffic here unless this answers 200.",
      responses: {
        200: readiness("Ready, or degraded.", ["ready", "degraded"], {
          ...{ status: "ready", draining: false, keys: true, store: true, journal: true },
        }),
        503: readiness("Not ready.", ["unavailable", "starting"], {
          ...{ status: "unavailable", draining: true, keys: true, store: true, journal: true },
        }),
      },
    }),
  },
});

const home = {
  tags: ["Discovery"],
  operationId: "home",
  summary: "Show a page for people",
  description: "What this service is, with links to its documentation and health.",
  responses: {
    200: {
      description: "The page.",
      headers: headersOf({ "X-Request-ID": "RequestId" }),
      content: { "text/html": { schema: { type: "string" } } },
    },
  },
};

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
}

/** An operation that reads a document which caches may keep and, if `anyOrigin`, which web pages may read. */
const cacheable = ({ content, anyOrigin, ...operation }: Operation & { content: object; anyOrigin: boolean }) => {
  const headers = headersOf({
    ...{ "X-Request-ID": "RequestId", "Cache-Control": "CacheControl", ETag: "EntityTag" },
    ...(anyOrigin ? { "Access-Control-Allow-Origin": "AllowOrigin" } : {}),
  });
  return {
    tags: ["Discovery"],
    ...operation,
    parameters: [
      { name: "If-None-Match", in: "header", description: "An earlier `ETag`.", schema: { type: "string" } },
    ],
    responses: {
      200: { description: "The current document.", headers, content },
      304: { description: "Not modified: use the copy that you have.", headers },
    },
  };
};

const probe = (operation: Operation & { responses: object }) => ({ tags: ["Health"], ...operation });

const probeHeaders = headersOf({ "X-Request-ID": "RequestId", "Cache-Control": "NoStore" });

const live = {
  description: "The process answers.",
  headers: probeHeaders,
  content: {
    "application/json": {
      schema: { type: "object", required: ["status"], properties: { status: { const: "live" } } },
      example: { status: "live" },
    },
  },
};

const readiness = (description: string, statuses: readonly string[], example: object) => ({
  description,
  headers: probeHeaders,
  content: {
    "application/json": {
      schema: { allOf: [ref("Readiness"), { properties: { status: { enum: statuses } } }] },
      example,
    },
  },
});

const metadata = (issuer: string) => ({
  "application/json": { schema: ref("Metadata"), example: authorizationServerMetadata(issuer, [exampleKey.alg]) },
});

/** The P-256 key of RFC 7517 appendix A.1. */
const exampleKey = {
  ...{ kty: "EC", crv: "P-256", kid: "1", alg: "ES256", use: "sig" },
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
};
