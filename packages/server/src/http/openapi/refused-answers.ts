import { type RefusalKind, refusals } from "@carnet/protocol/refusals";
import { type HeaderName, headersOf } from "./headers.ts";
import { errorSchema } from "./references.ts";

/** What the operations have in common in which a client authenticates itself. */

type Headers = Readonly<Record<string, HeaderName>>;

export const requestIdParameter = {
  name: "X-Request-ID",
  in: "header",
  description:
    "Your own id for the request, used in the answer, the audit events and the log. An invalid one is replaced.",
  schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[\\x21-\\x7e]+$" },
};

/** Headers that only the refusals of one status have. */
const headersOfStatus: Readonly<Record<number, Headers>> = {
  [refusals.invalidClient.status]: { "WWW-Authenticate": "Challenge" },
  [refusals.unavailable.status]: { "Retry-After": "RetryAfter" },
};

interface Shared {
  readonly headers: Headers;
  /** An example description for each kind that needs one. */
  readonly examples: Readonly<Partial<Record<RefusalKind, string>>>;
}

/** The responses with these refusals, by status. */
export function refusedAnswers(kinds: readonly RefusalKind[], { headers, examples }: Shared) {
  const statuses = [...new Set(kinds.map((kind) => refusals[kind].status))].sort();
  const answers = statuses.map((status) => {
    const ofStatus = kinds.filter((kind) => refusals[kind].status === status);
    return [status, refusedAnswer(ofStatus, { headers: { ...headers, ...headersOfStatus[status] }, examples })];
  });
  return Object.fromEntries(answers);
}

function refusedAnswer(kinds: readonly RefusalKind[], { headers, examples }: Shared) {
  const codes = [...new Set(kinds.map((kind) => refusals[kind].error))];
  const shown = kinds.flatMap((kind) => {
    const description = examples[kind];
    if (description === undefined) return [];
    return [[kind, { value: { error: refusals[kind].error, error_description: description } }]];
  });
  return {
    description: kinds.map((kind) => `\`${refusals[kind].error}\`: ${refusals[kind].when}.`).join("\n\n"),
    headers: headersOf(headers),
    content: {
      "application/json": {
        schema: errorSchema({ enum: codes }),
        ...(shown.length > 0 ? { examples: Object.fromEntries(shown) } : {}),
      },
    },
  };
}
