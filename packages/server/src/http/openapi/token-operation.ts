import { paths } from "@carnet/protocol/endpoints";
import { type RefusalKind, refusals } from "@carnet/protocol/refusals";
import { knownVersions } from "@carnet/protocol/versions";
import { type HeaderName, headersOf } from "./headers.ts";
import { ref } from "./references.ts";
import { refusedAnswers, requestIdParameter } from "./refused-answers.ts";
import { refusalExamples, requestExamples, tokenExample } from "./token-examples.ts";

/** The token operation under one of its two paths. */
export function tokenOperation({ issuer, deprecated }: { issuer: string; deprecated: boolean }) {
  const successor = `\n\n**Deprecated**: send the same request to \`${paths.token}\`.`;
  return {
    tags: ["IAM"],
    operationId: deprecated ? "tokenRequestDeprecated" : "tokenRequest",
    deprecated,
    summary: deprecated ? "Retrieve a token (deprecated path)" : "Retrieve a token",
    description: `${about}${deprecated ? successor : ""}`,
    security: [{}, { clientSecretBasic: [] }],
    parameters,
    requestBody: { required: true, description: "Parameters in any order.", content: requestContent },
    responses: {
      200: tokenAnswer(issuer, deprecated),
      ...refusedAnswers(kindsOf(deprecated), { headers: answerHeaders(deprecated), examples: refusalExamples }),
    },
  };
}

const about = `Exchanges client credentials for an access token ([RFC 6749 section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).

The credentials go **either** in the body, as \`client_id\` and \`client_secret\`, **or** in an \`Authorization: Basic\` header;
using both, or putting credentials in the URL, is refused. Without \`scope\`, the token has every scope that the client is
registered for. With it, the answer's \`scope\` lists what was granted, which can be less than requested.

A parameter without a value counts as absent, and so does a JSON member that is \`null\`. Unknown parameters are ignored. A
repeated known parameter is refused.

A request without a body and a Content-Type, but with \`Authorization: Bearer\` and a token of this service, is answered with
that same token and the seconds that it has left, while the token is valid and its client may still get one. It issues
nothing. The Python SDK sends this when \`token_request()\` is called without arguments.`;

const parameters = [
  {
    name: "X-Version",
    in: "header",
    description: `A date, which resolves to the newest of ${knownVersions.join(" and ")} on or before it; a preview's slug may follow a dot. Without this header, \`${paths.token}\` uses the newest version.`,
    schema: { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}(\\..+)?$", examples: [...knownVersions] },
  },
  requestIdParameter,
];

const requestContent = {
  "application/x-www-form-urlencoded": { schema: ref("TokenRequest"), examples: requestExamples },
  "application/json": { schema: ref("TokenRequest"), examples: requestExamples },
};

const commonHeaders = {
  "X-Request-ID": "RequestId",
  "X-Version": "Version",
  "Cache-Control": "NoStore",
  Pragma: "NoCache",
} as const satisfies Record<string, HeaderName>;

const deprecationHeaders = {
  Deprecation: "Deprecation",
  Sunset: "Sunset",
  Link: "Link",
} as const satisfies Record<string, HeaderName>;

const answerHeaders = (deprecated: boolean) => ({ ...commonHeaders, ...(deprecated ? deprecationHeaders : {}) });

const tokenAnswer = (issuer: string, deprecated: boolean) => ({
  description: "A token.",
  headers: headersOf(answerHeaders(deprecated)),
  content: { "application/json": { schema: ref("TokenResponse"), example: tokenExample(issuer) } },
});

const kindsOf = (deprecated: boolean): readonly RefusalKind[] =>
  (Object.keys(refusals) as RefusalKind[]).filter((kind) => deprecated || kind !== "pathSunset");
