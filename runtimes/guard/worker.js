// A protected API. Its `fetch` works in workerd and is called by verify.js on the other runtimes.
import { createGuard } from "@carnet/guard";
import { protect } from "@carnet/guard/fetch";

/** The guards by issuer. */
const guards = new Map();

function guardFor(issuer) {
  const guard = guards.get(issuer) ?? createGuard({ issuer, audience: issuer });
  guards.set(issuer, guard);
  return guard;
}

export default {
  // A real API has one issuer. The test has one for each algorithm, and trusts the URL
  fetch(request) {
    const guard = guardFor(new URL(request.url).searchParams.get("issuer"));
    return protect(guard, { scopes: ["file:read"] }, (_request, { clientId }) => new Response(clientId))(request);
  },
};
