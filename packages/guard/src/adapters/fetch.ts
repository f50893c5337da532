/**
 * The guard for handlers that take a `Request` and return a `Response`: workers, Deno, Bun, route handlers of Next.js.
 *
 * ```ts
 * import { createGuard } from "@carnet/guard";
 * import { protect } from "@carnet/guard/fetch";
 *
 * const guard = createGuard({ issuer: "https://tokens.example", audience: "https://files.example" });
 * export default {
 *   fetch: protect(guard, { scopes: ["file:read"] }, (_request: Request, token) => {
 *     return Response.json({ readBy: token.clientId });
 *   }),
 * };
 * ```
 * @module
 */
import type { AccessToken } from "../access-token.ts";
import type { Guard } from "../guard.ts";
import { admit, isFailure, type ProtectOptions } from "./admit.ts";
import { metadataResponse, type ResourceDetails } from "./metadata-response.ts";

export type { ProtectOptions } from "./admit.ts";
export type { ResourceDetails } from "./metadata-response.ts";

/** Answers an admitted request. `rest` is what the platform passes besides the request, such as `env` in a worker. */
export type Handler<R extends Request, Rest extends readonly unknown[]> = (
  request: R,
  token: AccessToken,
  ...rest: Rest
) => Response | Promise<Response>;

/** Calls the handler with requests whose token is valid and has the scopes. Answers all others. */
export function protect<R extends Request, Rest extends readonly unknown[]>(
  guard: Guard,
  options: ProtectOptions,
  handler: Handler<R, Rest>,
): (request: R, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const outcome = await admit(guard, request, options);
    return isFailure(outcome) ? outcome.toResponse() : handler(request, outcome, ...rest);
  };
}

/**
 * Serves the API's protected resource metadata. The returned handler answers only requests for it, others with undefined.
 * @throws {TypeError} The guard has no `resource`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3 RFC 9728 §3}
 */
export function resourceMetadata(guard: Guard, details: ResourceDetails = {}) {
  const { path, headers, body } = metadataResponse(guard, details);
  return (request: Request): Response | undefined => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead || new URL(request.url).pathname !== path) return undefined;
    return new Response(request.method === "HEAD" ? null : body, { headers: { ...headers } });
  };
}
