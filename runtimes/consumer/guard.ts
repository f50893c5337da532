// The declarations of the packed guard compile without the frameworks and without `skipLibCheck`.
import { createGuard, type Guard } from "@carnet/guard";
import * as onExpress from "@carnet/guard/express";
import * as onFastify from "@carnet/guard/fastify";
import * as onFetch from "@carnet/guard/fetch";
import * as onHono from "@carnet/guard/hono";
import { createTestIssuer } from "@carnet/guard/testing";

const guard: Guard = createGuard(await createTestIssuer());
onExpress.protect(guard, { scopes: ["file:read"] });
onFastify.protect(guard, { scopes: ["file:read"] });
onHono.protect(guard, { scopes: ["file:read"] });
export const GET = onFetch.protect(guard, { scopes: ["file:read"] }, (_request, token) => {
  const clientId: string = token.clientId;
  // @ts-expect-error: the token's text is not in it
  token.accessToken;
  return Response.json({ clientId });
});
