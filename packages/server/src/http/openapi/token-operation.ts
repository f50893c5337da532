import { paths } from "@carnet/protocol/endpoints";
import { type RefusalKind, refusals } from "@carnet/protocol/refusals";
import { knownVersions } from "@carnet/protocol/versions";
import { type HeaderName, headersOf } from "./headers.ts";
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
    responses: { 200: tokenAnswer(issuer, deprecated), ...refusedAnswers(deprecated) },
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
  {
    name: "X-Request-ID",
    in: "header",
    description:
      "Your own id for the request, used in the answer, the audit events and the log. An invalid one is replaced.",
    schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[\\x21-\\x7e]+$" },
  },
];

const ref = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });

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

/** Headers that only the refusals of one status have. */
const headersOfStatus: Readonly<Record<number, Readonly<Record<string, HeaderName>>>> = {
  [refusals.invalidClient.status]: { "WWW-Authenticate": "Challenge" },
  [refusals.unavailable.status]: { "Retry-After": "RetryAfter" },
};

const answerHeaders = (deprecated: boolean, others: Readonly<Record<string, HeaderName>> = {}) =>
  headersOf({ ...commonHeaders, ...(deprecated ? deprecationHeaders : {}), ...others });

const tokenAnswer = (issuer: string, deprecated: boolean) => ({
  description: "A token.",
  headers: answerHeaders(deprecated),
  content: { "application/json": { schema: ref("TokenResponse"), example: tokenExample(issuer) } },
});

function refusedAnswers(deprecated: boolean) {
  const kinds = (Object.keys(refusals) as RefusalKind[]).filter((kind) => deprecated || kind !== "pathSunset");
  const statuses = [...new Set(kinds.map((kind) => refusals[kind].status))].sort();
  const answers = statuses.map((status) => {
    const ofStatus = kinds.filter((kind) => refusals[kind].status === status);
    return [status, refusedAnswer(ofStatus, answerHeaders(deprecated, headersOfStatus[status]))];
  });
  return Object.fromEntries(answers);
}

function refusedAnswer(kinds: readonly RefusalKind[], headers: object) {
  const codes = [...new Set(kinds.map((kind) => refusals[kind].error))];
  const examples = kinds.flatMap((kind) => {
    const description = refusalExamples[kind];
    if (description === undefined) return [];
    return [[kind, { value: { error: refusals[kind].error, error_description: description } }]];
  });
  return {
    description: kinds.map((kind) => `\`${refusals[kind].error}\`: ${refusals[kind].when}.`).join("\n\n"),
    headers,
    content: {
      "application/json": {
        schema: { allOf: [ref("ErrorResponse"), { type: "object", properties: { error: { enum: codes } } }] },
        ...(examples.length > 0 ? { examples: Object.fromEntries(examples) } : {}),
      },
    },
  };
}
