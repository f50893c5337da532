import type { RefusalFacts } from "@carnet/protocol/refusals";
import { revocationFeedType } from "@carnet/protocol/revocation-feed";
import { feedRefusals } from "../http-refusals.ts";
import { headersOf } from "./headers.ts";
import { errorSchema, ref } from "./references.ts";

const requestId = { "X-Request-ID": "RequestId" } as const;
const cached = headersOf({ ...requestId, "Cache-Control": "CacheControl", ETag: "EntityTag" });

const refusal = ({ error, when }: Pick<RefusalFacts, "error" | "when">, headers: object) => ({
  description: `\`${error}\`: ${when}.`,
  headers,
  content: {
    "application/json": {
      schema: errorSchema({ const: error }),
    },
  },
});

/** For the feed, unless everybody may read it. */
export const introspectionToken = {
  type: "http",
  scheme: "bearer",
  description: "A token of this server with the scope `carnet:introspect` or `carnet:introspect:all`.",
} as const;

/** The operation that reads the revocation feed. */
export const revocationFeedOperation = {
  tags: ["Discovery"],
  operationId: "revocations",
  summary: "Read the revocation feed",
  description: `A signed list of every live revocation, for APIs that verify tokens: poll it with \`If-None-Match\`. It is
signed anew when something is revoked, and at least every five seconds. It names no client and no token.

The operator decides whether everybody may read it, or only clients with the scope \`carnet:introspect\` or
\`carnet:introspect:all\`.`,
  security: [{}, { introspectionToken: [] }],
  parameters: [{ name: "If-None-Match", in: "header", description: "An earlier `ETag`.", schema: { type: "string" } }],
  responses: {
    200: {
      description: "The current feed, as a JWS in the compact serialization (RFC 7515).",
      headers: cached,
      content: { [`application/${revocationFeedType}`]: { schema: ref("RevocationFeed") } },
    },
    304: { description: "Not modified. This does not prove that the copy that you have is fresh.", headers: cached },
    401: refusal(
      feedRefusals.invalidToken,
      headersOf({ ...requestId, "Cache-Control": "NoStore", "WWW-Authenticate": "BearerChallenge" }),
    ),
    403: refusal(
      feedRefusals.insufficientScope,
      headersOf({ ...requestId, "Cache-Control": "NoStore", "WWW-Authenticate": "BearerChallenge" }),
    ),
    503: refusal(
      {
        error: "temporarily_unavailable",
        when: "the store has been away for so long that the last feed has expired",
      },
      headersOf({ ...requestId, "Cache-Control": "NoStore", "Retry-After": "RetryAfter" }),
    ),
  },
};

const texts = { type: "array", items: { type: "string" } } as const;
const seconds = { type: "number", description: "Seconds since the epoch, with a fraction." } as const;
const issuedUntil = { type: "integer", description: "Tokens with an `iat` up to this are revoked." } as const;

const claims = {
  type: "object",
  required: ["iss", "iat", "exp", "tokens", "handles", "cut_offs", "issued_until", "keys"],
  properties: {
    iss: { type: "string", format: "uri", description: "The issuer." },
    iat: { ...seconds, description: "When the store was read. A feed with a later `iat` never knows less." },
    exp: { ...seconds, description: "30 seconds later." },
    tokens: {
      ...{ ...texts, items: { type: "string", pattern: "^[\\w-]{22}$" } },
      description: "Revoked tokens: base64url of the first 16 bytes of the SHA-256 of the `jti`.",
    },
    handles: { ...texts, description: "Tokens with one of these in `rvk` are revoked, whenever they were issued." },
    cut_offs: {
      type: "object",
      description: "By the first handle in `rvk`.",
      additionalProperties: issuedUntil,
    },
    issued_until: { ...issuedUntil, type: ["integer", "null"], description: "The same for all tokens." },
    keys: { ...texts, description: "The `kid` of revoked keys. Every token that they signed is revoked." },
  },
} as const;

export const RevocationFeed = {
  type: "string",
  description: `A JWS whose \`typ\` is \`${revocationFeedType}\`, signed with a key of the published set.`,
  pattern: "^[\\w-]+\\.[\\w-]+\\.[\\w-]+$",
  contentMediaType: "application/jwt",
  contentSchema: {
    type: "array",
    prefixItems: [{ type: "object", properties: { typ: { const: revocationFeedType } } }, claims],
  },
} as const;
