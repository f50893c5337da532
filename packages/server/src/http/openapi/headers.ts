import { knownVersions } from "@carnet/protocol/versions";

/** The headers of answers, defined once, because every operation refers to some of them. */
const header = (description: string, schema: object, example: string | number) => ({
  description,
  required: true,
  schema: { ...schema, examples: [example] },
});
const text = { type: "string" } as const;

export const headers = {
  RequestId: header(
    "The id of this request in the service's log.",
    { ...text, minLength: 1, maxLength: 128, pattern: "^[\\x21-\\x7e]+$" },
    "5f0c2b9e-6a34-4f0e-9d0b-1f3a7c8e2d55",
  ),
  Version: header("The API version that was used.", { ...text, enum: [...knownVersions] }, "2026-01-01"),
  NoStore: header("Tokens and refusals must not be cached.", { const: "no-store" }, "no-store"),
  NoCache: header("The same, for caches of HTTP/1.0.", { const: "no-cache" }, "no-cache"),
  Challenge: {
    ...header(
      "How to authenticate (RFC 7617). Absent if the request had `client_id` or `client_secret` in the body.",
      { ...text, pattern: "^Basic " },
      'Basic realm="carnet", charset="UTF-8"',
    ),
    required: false,
  },
  BearerChallenge: header(
    "Which token is required (RFC 6750 section 3).",
    { ...text, pattern: "^Bearer " },
    'Bearer realm="carnet", error="invalid_token"',
  ),
  ScopeChallenge: {
    ...header(
      "Which scope is required (RFC 6750 section 3). Absent if another scope would not help.",
      { ...text, pattern: "^Bearer " },
      'Bearer realm="carnet", error="insufficient_scope", scope="carnet:clients:write"',
    ),
    required: false,
  },
  Location: header("The path of the new resource.", text, "/admin/v1/clients/8c0f5a52-3d1e-4b7a-9a66-0f2d7e1c4b90"),
  RetryAfter: header("When to try again, in whole seconds.", { type: "integer", minimum: 1 }, 5),
  Deprecation: header("When this path was deprecated (RFC 9745).", { ...text, pattern: "^@\\d+$" }, "@1770854400"),
  Sunset: header("When this path starts to answer 410 (RFC 8594).", text, "Wed, 31 Jan 2029 00:00:00 GMT"),
  Link: header(
    "The successor of this path, and the notice of its deprecation and sunset.",
    text,
    '<https://iam.example.com/oauth2/token>; rel="successor-version"',
  ),
  CacheControl: header("How long the answer may be cached, in seconds.", text, "public, max-age=300"),
  AllowOrigin: header("Pages of every origin may read the answer.", { const: "*" }, "*"),
  EntityTag: header("For `If-None-Match`.", text, '"Yc0FJtHqVb8YkqJ2hXlK3w"'),
  Allow: header("The methods that the path supports.", text, "POST"),
} as const;

export type HeaderName = keyof typeof headers;

/** References to the definitions of an answer's headers. */
export const headersOf = (named: Readonly<Record<string, HeaderName>>) =>
  Object.fromEntries(
    Object.entries(named).map(([name, definition]) => [name, { $ref: `#/components/headers/${definition}` }]),
  );
