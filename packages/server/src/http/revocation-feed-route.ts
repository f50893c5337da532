import type { Refusal } from "@carnet/core/refusal";
import { checkAccessToken, type TokenCheckPorts } from "@carnet/core/token/check-access-token";
import type { TokenAnswer } from "@carnet/core/token/render";
import { introspectionScopes } from "@carnet/protocol/admin/admin-scopes";
import { parseBearerToken } from "@carnet/protocol/bearer-token";
import { paths } from "@carnet/protocol/endpoints";
import { revocationFeedType } from "@carnet/protocol/revocation-feed";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { storeUnavailable } from "./edge-refusals.ts";
import { errorAnswer, renderError } from "./error-answers.ts";
import type { HttpPorts } from "./http-ports.ts";
import { feedRefusals } from "./http-refusals.ts";
import { sendDocument } from "./metadata-routes.ts";
import { contextOf } from "./request-context.ts";
import { send } from "./send.ts";
import { limitUnreadFeeds } from "./unread-feeds.ts";

/** How long a cache may keep the feed, in seconds. */
const maxAge = 1;

/** Publishes the revocation feed, to everyone or only to callers with a token for introspection. */
export function addRevocationFeed(app: FastifyInstance, { revocationFeed, token }: HttpPorts): void {
  const isPublic = revocationFeed.access === "public";
  const cacheControl = `${isPublic ? "public" : "private"}, max-age=${maxAge}`; // a shared cache must not serve it to others
  const bound = limitUnreadFeeds();
  app.get(paths.revocations, async (request, reply) => {
    if (isPublic) reply.header("Access-Control-Allow-Origin", "*"); // as for the keys: nothing here depends on who asks
    const refusal = isPublic ? undefined : await refusalOf(request, token);
    if (refusal !== undefined) return send(reply, refusal);
    const snapshot = await revocationFeed.current();
    if (snapshot === undefined) return send(reply, unavailable(request.id));
    bound(reply.raw, snapshot.body);
    return sendDocument(request, reply, { ...snapshot, type: `application/${revocationFeedType}`, cacheControl });
  });
}

/** Why a caller may not read the feed, as RFC 6750 §3.1 renders it. undefined: it may. */
async function refusalOf(
  request: FastifyRequest,
  ports: TokenCheckPorts & Pick<HttpPorts["token"], "clock">,
): Promise<TokenAnswer | undefined> {
  const text = parseBearerToken(request.headers.authorization ?? "");
  if (text === undefined) return noToken;
  const from = { address: contextOf(request.raw).address, now: ports.clock.now() };
  const checked = await checkAccessToken(text, from, ports);
  if (!checked.ok) return invalidToken;
  const { claims, client } = checked.value;
  const granted = claims.scope.split(" ").filter((name) => client.scopes.includes(name));
  return accepted.some((name) => granted.includes(name)) ? undefined : insufficientScope;
}

const accepted: readonly string[] = Object.values(introspectionScopes);

const challenged = (answer: TokenAnswer, challenge: string): TokenAnswer => ({
  ...answer,
  headers: { ...answer.headers, "WWW-Authenticate": `Bearer realm="carnet"${challenge}` },
});

const tokenNeeded = `an access token with the scope ${accepted.join(" or ")} is required: send it as Authorization: Bearer`;
// RFC 6750 §3.1: a request without a token gets no error code in the challenge
const noToken = challenged(errorAnswer(feedRefusals.invalidToken, tokenNeeded), "");
const invalidToken = challenged(
  errorAnswer(feedRefusals.invalidToken, "the token is not a token of this service that is valid now"),
  ', error="invalid_token"',
);
const insufficientScope = challenged(
  errorAnswer(feedRefusals.insufficientScope, `the token lacks the scope ${accepted.join(" or ")}`),
  `, error="insufficient_scope", scope="${introspectionScopes.own}"`,
);

const unavailable = (requestId: string): TokenAnswer =>
  renderError({ ...storeUnavailable, retryAfter: 1 } satisfies Refusal, { path: paths.revocations, requestId });
