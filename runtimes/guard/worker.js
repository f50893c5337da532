// A protected API. Its `fetch` works in workerd and is called by verify.js on the other runtimes.
import { createGuard } from "@carnet/guard";
import { protect } from "@carnet/guard/fetch";

/** The guards by issuer: an isolate creates its guard once, but learns its environment with the first request. */
const guards = new Map();

function guardFor(issuer) {
  const guard = guards.get(issuer) ?? createGuard({ issuer, audience: issuer });
  guards.set(issuer, guard);
  return guard;
}

export default {
  fetch: (request, { ISSUER }) =>
    protect(guardFor(ISSUER), { scopes: ["file:read"] }, (_request, { clientId }) => new Response(clientId))(request),
};
