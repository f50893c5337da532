import { introspectionType } from "@carnet/protocol/introspection-response";
import type { RefusalKind } from "@carnet/protocol/refusals";
import { type HeaderName, headersOf } from "./headers.ts";
import { ref } from "./references.ts";
import { refusedAnswers, requestIdParameter } from "./refused-answers.ts";
import { activeTokenExample, refusalExamples, tokenExample, tokenQueryExamples } from "./token-examples.ts";

/** The operations about one token: introspection and revocation. */

const headers = {
  "X-Request-ID": "RequestId",
  "Cache-Control": "NoStore",
  Pragma: "NoCache",
} as const satisfies Record<string, HeaderName>;

const kinds: readonly RefusalKind[] = [
  ...(["malformedRequest", "unauthorizedClient", "invalidClient", "bodyTooLarge", "fault", "unavailable"] as const),
];

const examples = {
  ...refusalExamples,
  malformedRequest: "the parameter token is missing: send token=<access token> in the body",
};

const requestContent = (issuer: string) => {
  const media = { schema: ref("TokenQuery"), examples: tokenQueryExamples(tokenExample(issuer).access_token) };
  return { "application/x-www-form-urlencoded": media, "application/json": media };
};

const shared = (issuer: string) => ({
  tags: ["IAM"],
  security: [{}, { clientSecretBasic: [] }],
  requestBody: { required: true, description: "Parameters in any order.", content: requestContent(issuer) },
});

export const introspectOperation = (issuer: string) => ({
  ...shared(issuer),
  operationId: "introspect",
  summary: "Introspect a token",
  description: `Tells an API whether a token is valid now, and what it stands for ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)).

The API is a client with the scope \`carnet:introspect\`, which asks about tokens for its own audience, or with
\`carnet:introspect:all\`, which asks about any. Whatever is wrong with the token, and if the client may not know about it,
the answer is \`{"active": false}\`.

With \`Accept: application/${introspectionType}\` the answer is signed ([RFC 9701](https://www.rfc-editor.org/rfc/rfc9701)).`,
  parameters: [
    {
      name: "Accept",
      in: "header",
      description: `\`application/${introspectionType}\` for a signed answer; anything else gets JSON.`,
      schema: { type: "string" },
    },
    requestIdParameter,
  ],
  responses: {
    200: {
      description: "Whether the token is valid.",
      headers: headersOf(headers),
      content: {
        "application/json": {
          schema: ref("IntrospectionResponse"),
          examples: { active: { value: activeTokenExample(issuer) }, inactive: { value: { active: false } } },
        },
        [`application/${introspectionType}`]: {
          schema: {
            type: "string",
            description:
              "A JWT with the claims `iss`, `aud` (the client that asked), `iat` and `token_introspection` (the JSON response).",
          },
        },
      },
    },
    ...refusedAnswers(kinds, { headers, examples }),
  },
});

export const revokeOperation = (issuer: string) => ({
  ...shared(issuer),
  operationId: "revoke",
  summary: "Revoke a token",
  description: `Revokes a token of the calling client ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). A token that was not valid
any more, or never was, gets the same answer.

The service refuses the token at once on every node. APIs learn of it by introspection or from the revocation feed.
Administrators revoke tokens of other clients under \`/admin/v1/revocations\`.`,
  parameters: [requestIdParameter],
  responses: {
    200: { description: "The token is not valid any more.", headers: headersOf(headers) },
    ...refusedAnswers(kinds, { headers, examples }),
  },
});
