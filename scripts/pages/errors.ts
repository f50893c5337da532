import { problems } from "@carnet/protocol/admin/problem-kinds";
import { type RefusalFacts, refusals } from "@carnet/protocol/refusals";
import { feedRefusals, httpRefusals } from "@carnet/server/http/http-refusals";

interface Row {
  readonly status: number;
  readonly code: string;
  readonly when: string;
  readonly next: string;
}

/** Every refusal that the service can answer, from the tables that the answers are made from. */
export function errorsPage(generated: string): string {
  const ofToken = Object.values(refusals).map(rowOf);
  const ofAnyPath = [...Object.values(httpRefusals), refusals.fault].map(rowOf);
  const ofFeed = [...Object.values(feedRefusals), { ...refusals.unavailable, when: feedExpired }].map(rowOf);
  const ofAdmin = Object.entries(problems).map(([code, { title, ...facts }]) => ({ ...facts, code, when: title }));
  return `# Errors

${generated}Every response has an \`X-Request-ID\`. Under it, the operator [finds out why](../guide/explain.md#which-refusals-leave-an-event) a request
of a client or a call of the admin API was refused.

## Token, introspection and revocation

\`POST /oauth2/token\` and its deprecated path, \`POST /oauth2/introspect\` and \`POST /oauth2/revoke\`. Each body is \`{"error": code, "error_description": text}\`. The codes are
those of [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2), plus \`temporarily_unavailable\` and
\`server_error\`.

${table("`error`", ofToken)}
## Revocation feed

\`GET /oauth2/revocations\`. Each body is \`{"error": code, "error_description": text}\`. 401 and 403 have the challenges of
[RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3), and leave no event.

${table("`error`", ofFeed)}
## Any path

The request did not reach an endpoint. Each body is \`{"error": code, "error_description": text}\`. Under \`/admin/v1\`, 404,
405 and 500 are problems as below, and so is 400 if the path could be read. After 408 and 431 the connection is closed.

${table("`error`", ofAnyPath)}
\`GET /health/ready\` answers 503 while the service is not ready, with the failed checks instead of a code.

## Admin API

Each body is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Its \`type\` is
\`urn:carnet:problem:\` and the kind: see [the admin API](../guide/admin-api.md#when-a-request-is-refused).

${table("kind", ofAdmin)}`;
}

const feedExpired = "the store has been away for so long that the last feed has expired, 30 seconds after it was read";

const rowOf = ({ status, error, when, next }: RefusalFacts): Row => ({
  status,
  code: error,
  when,
  next,
});

const table = (codeColumn: string, rows: readonly Row[]): string =>
  `| status | ${codeColumn} | when | what to do |\n| --- | --- | --- | --- |\n${rows
    .map(({ status, code, when, next }) => `| ${status} | \`${code}\` | ${when} | ${next} |\n`)
    .join("")}`;
